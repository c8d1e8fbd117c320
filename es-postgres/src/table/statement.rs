//! Which SQL a projection may send: single statements that neither end the transaction nor change the session.

use crate::table::error::PostgresTxError;

const ENDS: &str = "it would end or divide the transaction of the store; return an error to undo what the method did";
const LASTS: &str = "it would outlast the transaction; write `SET LOCAL`";
const SESSION: &str = "it would outlast the transaction";
const STREAMS: &str = "its data are not part of the statement; write `INSERT … SELECT … FROM UNNEST(…)`";

/// The first words of statements that are refused, and why.
const REFUSED: [(&str, &str); 18] = [
    ("BEGIN", ENDS),
    ("START", ENDS),
    ("COMMIT", ENDS),
    ("END", ENDS),
    ("ROLLBACK", ENDS),
    ("ABORT", ENDS),
    ("SAVEPOINT", ENDS),
    ("RELEASE", ENDS),
    ("SET", LASTS),
    ("RESET", LASTS),
    ("PREPARE", SESSION),
    ("EXECUTE", SESSION),
    ("DEALLOCATE", SESSION),
    ("DISCARD", SESSION),
    ("LISTEN", SESSION),
    ("UNLISTEN", SESSION),
    ("LOAD", SESSION),
    ("COPY", STREAMS),
];

/// Divides `sql` into its statements, without those that are empty.
///
/// # Errors
/// [`PostgresTxError::Refused`] for a statement that a projection may not send.
pub(super) fn statements(sql: &str) -> Result<Vec<&str>, PostgresTxError> {
    let mut statements = Vec::new();
    let mut begin = 0;
    let mut nesting = Nesting::default();
    let mut words: Vec<&str> = Vec::new();
    let mut is_empty = true;
    for (at, token) in Tokens(sql, 0) {
        match token {
            Token::Other(";") if nesting.is_outside() => {
                check(&words)?;
                if !is_empty {
                    statements.push(&sql[begin..at]);
                }
                (begin, nesting, is_empty) = (at + 1, Nesting::default(), true);
                words.clear();
                continue;
            }
            Token::Word(word) => {
                nesting.word(&words, word);
                // Only the first words tell which kind of statement this is.
                if words.len() < 5 && (is_empty || !words.is_empty()) {
                    words.push(word);
                }
            }
            Token::Other(other) => nesting.other(other),
        }
        is_empty = false;
    }
    check(&words)?;
    if !is_empty {
        statements.push(&sql[begin..]);
    }
    Ok(statements)
}

/// Refuses a statement by its first words.
fn check(words: &[&str]) -> Result<(), PostgresTxError> {
    let Some(first) = words.first() else { return Ok(()) };
    let Some((word, why)) = REFUSED.iter().find(|(word, _)| word.eq_ignore_ascii_case(first)) else { return Ok(()) };
    let is_local = ["LOCAL", "CONSTRAINTS"].iter().any(|local| words.get(1).is_some_and(|word| is(word, local)));
    if *word == "SET" && is_local { Ok(()) } else { Err(PostgresTxError::Refused { word: (*word).to_owned(), why }) }
}

fn is(word: &str, expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected)
}

/// Where a semicolon does not end a statement: between parentheses, and in the body of a routine between `BEGIN ATOMIC` and `END`.
#[derive(Default)]
struct Nesting {
    parentheses: usize,
    blocks: usize,
}

impl Nesting {
    fn is_outside(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }

    fn other(&mut self, other: &str) {
        match other {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
    }

    /// A word behind the first `words` of the statement.
    fn word(&mut self, words: &[&str], word: &str) {
        let is_routine = words.first().is_some_and(|first| is(first, "CREATE"))
            && words.iter().skip(1).any(|word| is(word, "FUNCTION") || is(word, "PROCEDURE"));
        if !is_routine || self.parentheses > 0 {
            return;
        }
        if is(word, "BEGIN") || self.blocks > 0 && is(word, "CASE") {
            self.blocks += 1;
        } else if is(word, "END") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }
}

/// The tokens of SQL and where they begin, without white space and comments.
struct Tokens<'a>(&'a str, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A key word, or a name without quotes.
    Word(&'a str),
    /// A literal, a quoted name, a number, a parameter, or one other character.
    Other(&'a str),
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, Token<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let Self(sql, at) = self;
        loop {
            let rest = &sql[*at..];
            let first = rest.chars().next()?;
            let length = if is_space(first) { 1 } else { comment(rest).unwrap_or(0) };
            if length > 0 {
                *at += length;
                continue;
            }
            let begin = *at;
            let (length, is_word) = token(rest, first);
            *at += length;
            let text = &rest[..length];
            return Some((begin, if is_word { Token::Word(text) } else { Token::Other(text) }));
        }
    }
}

/// The length of the token that `rest` begins with, and whether it is a word.
fn token(rest: &str, first: char) -> (usize, bool) {
    match first {
        '\'' => (quoted(rest, '\'', false), false),
        '"' => (quoted(rest, '"', false), false),
        '$' => (dollars(rest).unwrap_or(1), false),
        _ if first.is_ascii_digit() => (length(rest, |letter| letter.is_ascii_alphanumeric() || letter == '_'), false),
        _ if is_in_word(first) => {
            let word = length(rest, is_in_word);
            match &rest[..word] {
                // A literal in which a backslash escapes.
                "e" | "E" if rest[word..].starts_with('\'') => (word + quoted(&rest[word..], '\'', true), false),
                _ => (word, true),
            }
        }
        _ => (first.len_utf8(), false),
    }
}

/// The white space of the server.
const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

fn is_in_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$' || !letter.is_ascii()
}

fn length(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|letter| !belongs(letter)).unwrap_or(rest.len())
}

/// The length up to the closing `quote`. A doubled one begins what is quoted anew, which comes to the same thing.
fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return at + letter.len_utf8();
        }
        if escapes && letter == '\\' {
            letters.next();
        }
    }
    rest.len()
}

/// The length of a literal such as `$$…$$` or `$tag$…$tag$`.
fn dollars(rest: &str) -> Option<usize> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let name = &tag[1..end - 1];
    if name.starts_with(|first: char| first.is_ascii_digit()) || !name.chars().all(is_in_word) {
        return None;
    }
    Some(rest[end..].find(tag).map_or(rest.len(), |length| end + length + end))
}

/// The length of the comment that `rest` begins with. One between `/*` and `*/` may hold others.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("--") {
        return Some(rest.find(['\n', '\r']).unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        let inside = &rest[at..];
        if inside.starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
        } else if inside.starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else {
            match inside.chars().next() {
                Some(letter) => at += letter.len_utf8(),
                None => break,
            }
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_of_literals_comments_and_bodies() {
        for (sql, expected) in [
            ("SELECT 1", &["SELECT 1"][..]),
            (
                " ; SELECT ';' ;; -- ;\nSELECT \";\" /* ; /* ; */ ; */",
                &[" SELECT ';' ", " -- ;\nSELECT \";\" /* ; /* ; */ ; */"],
            ),
            (
                "SELECT E'\\';'; SELECT $$;$$; SELECT $a$ $$;$$ ; $a$, $1",
                &["SELECT E'\\';'", " SELECT $$;$$", " SELECT $a$ $$;$$ ; $a$, $1"],
            ),
            (
                "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
                &["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", " SELECT 3"],
            ),
            (
                "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
                &[
                    "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                    " SELECT 3",
                ],
            ),
            ("-- nothing\n; /* at all */", &[]),
            ("SELECT a$b$ FROM t; SELECT 1", &["SELECT a$b$ FROM t", " SELECT 1"]),
        ] {
            assert_eq!(statements(sql).unwrap(), expected, "{sql}");
        }
    }

    #[test]
    fn what_ends_the_transaction_or_outlasts_it_is_refused() {
        for sql in [
            "commit",
            "/* at last /* really */ */ COMMIT",
            "-- done\rCOMMIT",
            ";; End",
            "\u{b}ROLLBACK",
            "SELECT 1; ABORT",
            "SELECT E'\\''; COMMIT; --'",
            "SET search_path = public",
            "SET /* LOCAL */ search_path = public",
            "SET SESSION AUTHORIZATION postgres",
            "RESET ALL",
            "PREPARE TRANSACTION 'x'",
            "listen x",
            "COPY t FROM STDIN",
        ] {
            let refused = statements(sql);
            assert!(matches!(refused, Err(PostgresTxError::Refused { .. })), "{sql}: {refused:?}");
        }
        for sql in [
            "SET LOCAL work_mem = '1MB'",
            "SET CONSTRAINTS ALL IMMEDIATE",
            "SELECT 'COMMIT'",
            "(SELECT 1) COMMIT",
            "\"COMMIT\"",
            "commits",
        ] {
            assert!(statements(sql).is_ok(), "{sql}");
        }
    }
}
