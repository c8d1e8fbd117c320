//! Reads a value that is one word: the category of an aggregate, the name of a projection.

use syn::{Error, LitStr, Result};

use crate::attribute::Entry;

/// The most bytes that stores take.
const BYTES: usize = 512;

/// The value of `entry`, which is one word such as `example`.
pub(crate) fn read(entry: &Entry<'_>, example: &str) -> Result<LitStr> {
    let key = &entry.key;
    let word: LitStr = entry.value_or(&format!("\"{example}\""))?;
    let text = word.value();
    let wrong = if text.is_empty() {
        format!("the {key} is empty; write for example `{key} = \"{example}\"`")
    } else if text.contains('\0') {
        format!("the {key} holds a NUL character, which no store takes; leave it out")
    } else if let Some(letter) = text.chars().find(|letter| letter.is_whitespace() || letter.is_control()) {
        let what =
            if letter == ' ' { "a space".to_owned() } else { format!("the character `{}`", letter.escape_default()) };
        let without: String = text.chars().map(|letter| if letter.is_whitespace() { '-' } else { letter }).collect();
        let without: String = without.chars().filter(|letter| !letter.is_control()).collect();
        format!("the {key} holds {what}, and a {key} is one word; write for example `{key} = \"{without}\"`")
    } else if text.len() > BYTES {
        format!("the {key} has {} bytes, and stores take {BYTES}; write a shorter one", text.len())
    } else {
        return Ok(word);
    };
    Err(Error::new(word.span(), wrong))
}
