//! What storage crates need to know of the SQL of projections: which tables it names.

/// Replaces each `{table}` of `sql` by what `name` makes of `table`, a word of ASCII letters, digits and `_`. What is in a literal,
/// in a quoted name or in a comment stays as it is, as does a brace before anything else.
///
/// ```
/// # use es_core::sql;
/// let sql = sql::with_table_names("SELECT '{a}' FROM {balances}", |table| format!("\"bank_v2_{table}\""));
/// assert_eq!(sql, "SELECT '{a}' FROM \"bank_v2_balances\"");
/// ```
pub fn with_table_names(sql: &str, name: impl Fn(&str) -> String) -> String {
    let mut replaced = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match table(rest) {
            Some(table) => {
                replaced.push_str(&name(table));
                rest = &rest[table.len() + 2..];
                continue;
            }
            None => opaque(rest, &replaced).unwrap_or(first.len_utf8()),
        };
        replaced.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    replaced
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The table that `sql` begins with.
fn table(sql: &str) -> Option<&str> {
    let (table, _) = sql.strip_prefix('{')?.split_once('}')?;
    let is_name = table.chars().all(is_word) && !table.starts_with(|first: char| first.is_ascii_digit());
    Some(table).filter(|table| is_name && !table.is_empty())
}

/// The length of the literal, the quoted name or the comment that `sql` begins with. `before` is what stands before it.
fn opaque(sql: &str, before: &str) -> Option<usize> {
    match sql.chars().next()? {
        '\'' => {
            let word = before.rsplit(|letter| !is_word(letter)).next();
            Some(quoted(sql, '\'', matches!(word, Some("e" | "E"))))
        }
        '"' => Some(quoted(sql, '"', false)),
        '$' if !before.ends_with(is_word) => dollars(sql),
        _ => comment(sql),
    }
}

/// The length up to the closing `quote`. A doubled one begins what is quoted anew, which comes to the same thing.
fn quoted(sql: &str, quote: char, escapes: bool) -> usize {
    let mut letters = sql.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return at + letter.len_utf8();
        }
        if escapes && letter == '\\' {
            letters.next();
        }
    }
    sql.len()
}

/// The length of a literal such as `$$…$$` or `$tag$…$tag$`.
fn dollars(sql: &str) -> Option<usize> {
    let end = sql[1..].find('$')? + 2;
    let tag = &sql[..end];
    if !tag[1..end - 1].chars().all(is_word) {
        return None;
    }
    Some(sql[end..].find(tag).map_or(sql.len(), |length| end + length + end))
}

/// The length of the comment that `sql` begins with. One between `/*` and `*/` may hold others.
fn comment(sql: &str) -> Option<usize> {
    if sql.starts_with("--") {
        return Some(sql.find('\n').map_or(sql.len(), |end| end + 1));
    }
    if !sql.starts_with("/*") {
        return None;
    }
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        let rest = &sql[at..];
        if rest.starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
        } else if rest.starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else {
            match rest.chars().next() {
                Some(letter) => at += letter.len_utf8(),
                None => break,
            }
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::with_table_names;

    #[test]
    fn only_names_in_braces_are_replaced() {
        let named = |sql| with_table_names(sql, |table| format!("<{table}>"));
        let cases = [
            ("INSERT INTO {a} SELECT * FROM {b_2}", "INSERT INTO <a> SELECT * FROM <b_2>"),
            ("SELECT '{a}', '''{a}', \"{a}\" FROM {a}", "SELECT '{a}', '''{a}', \"{a}\" FROM <a>"),
            ("SELECT E'\\'{a}', e'{a}' FROM {a}", "SELECT E'\\'{a}', e'{a}' FROM <a>"),
            ("SELECT $$ {a} $$, $x$ $$ {a} $x$, $1 FROM {a}", "SELECT $$ {a} $$, $x$ $$ {a} $x$, $1 FROM <a>"),
            ("-- {a}\nSELECT /* {a} /* {a} */ {a} */ {a}", "-- {a}\nSELECT /* {a} /* {a} */ {a} */ <a>"),
            ("{}{1a}{a b}{é}{{a}}{", "{}{1a}{a b}{é}{<a>}{"),
            ("'{a}", "'{a}"),
            ("ü{a}", "ü<a>"),
            ("x LIKE'\\' OR {a}", "x LIKE'\\' OR <a>"),
        ];
        for (sql, expected) in cases {
            assert_eq!(named(sql), expected);
        }
    }
}
