//! Where in a payload something stands: the one scanner of the error paths.

use std::borrow::Cow;

/// What the outermost value of a payload holds at some byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Location<'a> {
    /// Nothing of its own: the byte belongs to the payload as a whole.
    Whole,
    /// The value under this key.
    Key(Cow<'a, str>),
    /// The element of this index.
    Index(usize),
}

/// The place of the last byte before `end`. Any bytes will do; a comma and the blanks behind it belong to what stands
/// before them.
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
    /// Whether a comma was the last token.
    comma: bool,
    key: Option<&'a [u8]>,
    index: usize,
}

impl<'a> Scan<'a> {
    fn token(&mut self, byte: u8, text: &'a [u8]) {
        if byte.is_ascii_whitespace() {
            return;
        }
        let behind_comma = std::mem::take(&mut self.comma);
        if self.depth == 1 && behind_comma {
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

/// How long the string is that begins here; to the end if it does not end.
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
    fn stands(json: &str, expected: &Location<'_>) {
        let (before, after) = json.split_once('^').unwrap();
        assert_eq!(&locate(format!("{before}{after}").as_bytes(), before.len()), expected, "{json}");
    }

    #[test]
    fn a_byte_belongs_to_the_key_read_last() {
        let key = |key: &'static str| Location::Key(Cow::Borrowed(key));
        stands(r#"{"a":"x"^,"b":1}"#, &key("a"));
        stands(r#"{"a":"x", ^"b":1}"#, &key("a"));
        stands(r#"{"a":{"c":[1,{}]},"b":^1}"#, &key("b"));
        stands(r#"{"a":{"c":[1,{}]}^}"#, &key("a"));
        stands(r#"{"a":"}\",\"",^"b":1}"#, &key("a"));
        stands(r#"{"a":"wxyz\"","b":2^}"#, &key("b"));
        stands(r#"{"\u0061":1^}"#, &key("a"));
        stands(r#"{"a":1}^"#, &Location::Whole);
        stands(r#"{^"a":1}"#, &Location::Whole);
        stands(r#"{"a":1,"b^":2}"#, &Location::Whole);
    }

    #[test]
    fn elements_are_counted_in_the_outermost_array() {
        stands("[1^,2]", &Location::Index(0));
        stands("[[1,2],2^]", &Location::Index(1));
        stands("[1,2]^", &Location::Whole);
        stands("1^2", &Location::Whole);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for end in 0..9 {
            locate(b"}]{\"\\\xff", end);
        }
    }
}
