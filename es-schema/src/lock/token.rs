//! The tokens of the text. Names, keys and types are written bare where their end is clear, and in quotes otherwise.

use std::fmt;

/// The first line of a lock.
pub(super) const HEADER: &str =
    "# Every shape of every stored event. Written by UPDATE_EVENTS_LOCK=1 cargo test. Commit it; do not edit it.";

/// Before the path of `serde(with = "…")`.
pub(super) const WITH: &str = " (with ";
/// Before the other keys a field is read from.
pub(super) const ALSO: &str = " (also ";
/// The texts that end a bare type.
pub(super) const TYPE_ENDS: [&str; 4] = [",", "?", WITH, ALSO];
/// A schema version with the shape of the one before.
pub(super) const UNCHANGED: &str = "unchanged";
/// Before the type whose shape a payload has.
pub(super) const AS: &str = "as ";
/// A schema version whose shape is not known.
pub(super) const NOT_DESCRIBED: &str = "not described";
/// A payload that is `null`.
pub(super) const UNIT: &str = "null";
/// An object without fields.
pub(super) const NO_FIELDS: &str = "{}";
/// After an event that is no longer written.
pub(super) const RETIRED: &str = " (retired)";

/// Before a type whose inside is described.
pub(super) const WHERE: &str = "  where ";
/// Before what it accepts.
pub(super) const IS: &str = " is ";
/// Before the last schema version that something holds for.
pub(super) const UP_TO: &str = " up to ";
/// Before the serde attributes on the struct.
pub(super) const SERDE: &str = "serde ";
/// In place of serde attributes, if there are none.
pub(super) const NO_WORDS: &str = "nothing";
/// Before the type of an aggregate's id.
pub(super) const ID: &str = "id is ";
/// Before the printed samples.
pub(super) const PRINTS: &str = ", prints ";
/// A sample that is refused.
pub(super) const REFUSED: &str = "not at all";
/// After an id type that is not read from text.
pub(super) const TYPE_ONLY: &str = ", of which only the type is watched";

/// A name, key, type or path as it is written in the text.
pub(super) struct Word<'a> {
    text: &'a str,
    bare: bool,
}

/// The name of an event, an alias or a category.
pub(super) fn name(text: &str) -> Word<'_> {
    Word { text, bare: !text.is_empty() && text.chars().all(is_of_name) }
}

/// The key of a field.
pub(super) fn key(text: &str) -> Word<'_> {
    let begins = text.starts_with(|first: char| first.is_alphanumeric() || first == '_' || first == '$');
    Word { text, bare: begins && text.chars().all(is_of_key) }
}

/// The type of a field.
pub(super) fn ty(text: &str) -> Word<'_> {
    Word { text, bare: is_closed(text) && end(text, &TYPE_ENDS) == text.len() }
}

/// The path of a `with`.
pub(super) fn path(text: &str) -> Word<'_> {
    Word { text, bare: is_closed(text) }
}

/// Whether a bare name can hold `letter`.
pub(super) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.:/$@+".contains(letter)
}

/// Whether a bare key can hold `letter`.
pub(super) fn is_of_key(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.$".contains(letter)
}

/// The end of a bare `text`: before the first of `stops` outside of brackets, or before an unmatched closing bracket.
pub(super) fn end(text: &str, stops: &[&str]) -> usize {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        if depth == 0 && stops.iter().any(|stop| text[at..].starts_with(stop)) {
            return at;
        }
        match letter {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if matches!(before, '-' | '=') => {}
            ')' | ']' | '}' | '>' => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return at,
            },
            _ => {}
        }
        before = letter;
    }
    text.len()
}

fn is_closed(text: &str) -> bool {
    let opened = text.chars().filter(|letter| matches!(letter, '(' | '[' | '{' | '<')).count();
    let arrows = text.matches("->").count() + text.matches("=>").count();
    let closed = text.chars().filter(|letter| matches!(letter, ')' | ']' | '}' | '>')).count();
    !text.is_empty()
        && text.trim() == text
        && !text.chars().any(|letter| letter.is_control() || letter == '"')
        && opened + arrows == closed
        && end(text, &[","]) == text.len()
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bare {
            return f.write_str(self.text);
        }
        let quoted = serde_json::to_string(self.text).map_err(|_| fmt::Error)?;
        f.write_str(&quoted)
    }
}
