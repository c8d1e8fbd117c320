//! Finds the field of a payload that a byte belongs to, for errors.

use std::borrow::Cow;

/// The part of a payload's outermost value that a byte belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Location<'a> {
    /// No part: the byte belongs to the payload as a whole.
    Whole,
    /// The value under this key.
    Key(Cow<'a, str>),
    /// The element with this index.
    Index(usize),
}

/// Locates the last byte before `end`. The bytes need not be JSON. A comma and the blanks after it belong to the value before
/// them.
pub(crate) fn locate(json: &[u8], end: usize) -> Location<'_> {
    let json = &json[..end.min(json.len())];
    let mut scan = Scan { depth: 0, object: false, comma: false, key: None, index: 0 };
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let next = if byte == b'"' { at + string(&json[at..]) } else { at + 1 };
        scan.token(byte, &json[at..next]);
        at = next;
    }
    match scan {
        Scan { depth: 0, .. } => Location::Whole,
        Scan { object: true, key, .. } => key.and_then(unquoted).map_or(Location::Whole, Location::Key),
        Scan { index, .. } => Location::Index(index),
    }
}

struct Scan<'a> {
    depth: usize,
    /// Whether the outermost value is an object.
    object: bool,
    /// Whether the last token was a comma.
    comma: bool,
    key: Option<&'a [u8]>,
    index: usize,
}

impl<'a> Scan<'a> {
    fn token(&mut self, byte: u8, text: &'a [u8]) {
        if byte.is_ascii_whitespace() {
            return;
        }
        let after_comma = std::mem::take(&mut self.comma);
        if self.depth == 1 && after_comma {
            self.index += 1;
            self.key = None;
        }
        match byte {
            b'"' if self.depth == 1 && self.object && self.key.is_none() => self.key = Some(text),
            b'{' | b'[' => {
                self.object = if self.depth == 0 { byte == b'{' } else { self.object };
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => self.comma = true,
            _ => {}
        }
    }
}

/// The length of the string that begins here; of the rest if the string does not end.
pub(super) fn string(json: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

fn unquoted(key: &[u8]) -> Option<Cow<'_, str>> {
    let inside = key.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inside.contains(&b'\\') {
        serde_json::from_slice(key).ok().map(Cow::Owned)
    } else {
        std::str::from_utf8(inside).ok().map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_located(json: &str, expected: &Location<'_>) {
        let (before, after) = json.split_once('^').unwrap();
        assert_eq!(&locate(format!("{before}{after}").as_bytes(), before.len()), expected, "{json}");
    }

    #[test]
    fn a_byte_belongs_to_the_key_read_last() {
        let key = |key: &'static str| Location::Key(Cow::Borrowed(key));
        is_located(r#"{"a":"x"^,"b":1}"#, &key("a"));
        is_located(r#"{"a":"x", ^"b":1}"#, &key("a"));
        is_located(r#"{"a":{"c":[1,{}]},"b":^1}"#, &key("b"));
        is_located(r#"{"a":{"c":[1,{}]}^}"#, &key("a"));
        is_located(r#"{"a":"}\",\"",^"b":1}"#, &key("a"));
        is_located(r#"{"a":"wxyz\"","b":2^}"#, &key("b"));
        is_located(r#"{"\u0061":1^}"#, &key("a"));
        is_located(r#"{"a":1}^"#, &Location::Whole);
        is_located(r#"{^"a":1}"#, &Location::Whole);
        is_located(r#"{"a":1,"b^":2}"#, &Location::Whole);
    }

    #[test]
    fn elements_are_counted_in_the_outermost_array() {
        is_located("[1^,2]", &Location::Index(0));
        is_located("[[1,2],2^]", &Location::Index(1));
        is_located("[1,2]^", &Location::Whole);
        is_located("1^2", &Location::Whole);
    }

    #[test]
    fn bytes_that_are_not_json_do_not_panic() {
        for end in 0..9 {
            locate(b"}]{\"\\\xff", end);
        }
    }
}
