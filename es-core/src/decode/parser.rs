//! A payload as a tree that borrows from it, with each number as it is written.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::place;

/// The deepest nesting that `serde_json` reads.
const DEPTH: usize = 127;

/// A value of a payload.
#[derive(Debug)]
pub(super) struct Node<'de> {
    pub(super) kind: Kind<'de>,
    /// Its JSON.
    pub(super) text: &'de str,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind<'de> {
    Null,
    Bool(bool),
    /// Its digits are those of [`Node::text`].
    Number,
    Text(Cow<'de, str>),
    Array(Vec<Node<'de>>),
    Object(Vec<(Cow<'de, str>, Node<'de>)>),
}

/// The tree of `payload`; `None` when it is not JSON, or is nested too deep.
pub(super) fn parse(payload: &[u8]) -> Option<Node<'_>> {
    let mut parser = Parser { text: std::str::from_utf8(payload).ok()?, at: 0 };
    let node = parser.value(0)?;
    parser.blanks();
    (parser.at == payload.len()).then_some(node)
}

struct Parser<'de> {
    text: &'de str,
    at: usize,
}

impl<'de> Parser<'de> {
    fn value(&mut self, depth: usize) -> Option<Node<'de>> {
        self.blanks();
        let start = self.at;
        let kind = match self.peek()? {
            b'"' => Kind::Text(self.string()?),
            b'[' if depth < DEPTH => Kind::Array(self.array(depth + 1)?),
            b'{' if depth < DEPTH => Kind::Object(self.object(depth + 1)?),
            b'-' | b'0'..=b'9' => {
                let token = self.token(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
                serde_json::from_str::<IgnoredAny>(token).ok()?;
                Kind::Number
            }
            _ => match self.token(|byte| byte.is_ascii_lowercase()) {
                "null" => Kind::Null,
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                _ => return None,
            },
        };
        Some(Node { kind, text: self.text.get(start..self.at)? })
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Node<'de>>> {
        let mut elements = Vec::new();
        self.at += 1;
        if self.takes(b']') {
            return Some(elements);
        }
        loop {
            elements.push(self.value(depth)?);
            if self.takes(b']') {
                return Some(elements);
            }
            self.takes(b',').then_some(())?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Vec<(Cow<'de, str>, Node<'de>)>> {
        let mut entries = Vec::new();
        self.at += 1;
        if self.takes(b'}') {
            return Some(entries);
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.takes(b':').then_some(())?;
            entries.push((key, self.value(depth)?));
            if self.takes(b'}') {
                return Some(entries);
            }
            self.takes(b',').then_some(())?;
        }
    }

    fn string(&mut self) -> Option<Cow<'de, str>> {
        let rest = self.text.get(self.at..).filter(|rest| rest.starts_with('"'))?;
        let token = rest.get(..place::string(rest.as_bytes()))?;
        self.at += token.len();
        let inside = token.get(1..)?.strip_suffix('"')?;
        if inside.bytes().any(|byte| byte == b'\\' || byte < b' ') {
            serde_json::from_str(token).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inside))
        }
    }

    /// Whether `byte` comes next; then it is taken.
    fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    fn blanks(&mut self) {
        self.token(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// The ASCII that comes next, as long as it is `part` of the token.
    fn token(&mut self, part: impl Fn(u8) -> bool) -> &'de str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let token = &rest[..rest.bytes().take_while(|byte| byte.is_ascii() && part(*byte)).count()];
        self.at += token.len();
        token
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_takes_is_a_tree_and_nothing_else_is() {
        let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        let texts = [
            "1",
            "-0",
            "1e5",
            "01",
            "1.",
            "-",
            "+1",
            ".5",
            "1e",
            "1e400",
            "null",
            "nul",
            "nulll",
            "true",
            " false ",
            "\"a\"",
            "\"a",
            r#""\u00e9\"""#,
            r#""\x""#,
            r#""\ud83d""#,
            r#""\ud83d\ude00""#,
            "\"\n\"",
            "[]",
            "[1,]",
            "[,]",
            "[1 2]",
            "[1, [2], {}]",
            "{}",
            r#"{"a":1}"#,
            r#"{"a" : 1 , "a":[]}"#,
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            r#"{a:1}"#,
            "{1:1}",
            "",
            " ",
            "1 2",
            "{]",
            "[}",
            "é",
            "\u{a0}1",
            &deep(127),
            &deep(128),
            &deep(5_000),
        ];
        for text in texts {
            // each text and number is looked at: `IgnoredAny` lets escapes pass that no text can hold
            let taken = serde_json::from_str::<serde_json::Value>(text).is_ok() || text == "1e400";
            assert_eq!(parse(text.as_bytes()).is_some(), taken, "{text:.20}");
        }
        assert!(parse(b"\"\xff\"").is_none());
    }

    #[test]
    fn a_node_knows_its_json() {
        let Some(Node { kind: Kind::Object(entries), .. }) = parse(br#" {"a\n": [1.50, "x"]} "#) else {
            panic!("an object")
        };
        assert_eq!((&*entries[0].0, entries[0].1.text), ("a\n", r#"[1.50, "x"]"#));
    }
}
