//! Walking through the JSON of a payload: it borrows from it and keeps nothing, so that a payload costs no memory.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{PayloadErrorKind, cause::Cause, locate};

/// The deepest nesting that `serde_json` reads.
const DEPTH: usize = 127;

/// It is not JSON.
const SYNTAX: Cause = Cause::Other(PayloadErrorKind::Syntax);

/// What a value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Array,
    Object,
    Number,
    /// `null`, `true`, `false`, or no JSON.
    Word,
}

/// A payload, and how far it has been read.
#[derive(Debug)]
pub(super) struct Parser<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
}

impl<'de> Parser<'de> {
    /// At the beginning of `payload`; `None` when it is not UTF-8.
    pub(super) fn new(payload: &'de [u8]) -> Option<Self> {
        Some(Self { text: std::str::from_utf8(payload).ok()?, at: 0, depth: 0 })
    }

    /// What the value is that comes next.
    pub(super) fn kind(&mut self) -> Kind {
        self.blanks();
        match self.peek() {
            Some(b'"') => Kind::Text,
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            _ => Kind::Word,
        }
    }

    /// Passes the value that comes next, and gives its JSON.
    pub(super) fn value(&mut self) -> Result<&'de str, Cause> {
        let kind = self.kind();
        let start = self.at;
        match kind {
            Kind::Text => {
                self.string()?;
            }
            Kind::Array => {
                let mut first = self.open()?;
                while self.another(b']', &mut first)? {
                    self.value()?;
                }
            }
            Kind::Object => {
                let mut first = self.open()?;
                while self.another(b'}', &mut first)? {
                    self.key()?;
                    self.value()?;
                }
            }
            Kind::Number => {
                self.number()?;
            }
            Kind::Word => {
                self.word()?;
            }
        }
        self.text.get(start..self.at).ok_or(SYNTAX)
    }

    /// Opens the array or object that comes next; gives what [`Self::another`] is called with.
    pub(super) fn open(&mut self) -> Result<bool, Cause> {
        if self.depth == DEPTH {
            return Err(Cause::Other(PayloadErrorKind::Depth));
        }
        self.depth += 1;
        self.at += 1;
        Ok(true)
    }

    /// Whether another element or entry comes before the bracket that `closes`; otherwise that is passed.
    pub(super) fn another(&mut self, closes: u8, first: &mut bool) -> Result<bool, Cause> {
        if self.takes(closes) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(false);
        }
        if std::mem::take(first) || self.takes(b',') { Ok(true) } else { Err(SYNTAX) }
    }

    /// A key, and its colon.
    pub(super) fn key(&mut self) -> Result<Cow<'de, str>, Cause> {
        self.blanks();
        let key = self.string()?;
        if self.takes(b':') { Ok(key) } else { Err(SYNTAX) }
    }

    /// The digits of the number that comes next.
    pub(super) fn number(&mut self) -> Result<&'de str, Cause> {
        self.blanks();
        let token = self.token(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        serde_json::from_str::<IgnoredAny>(token).map(|_| token).map_err(|_| SYNTAX)
    }

    /// A truth value, or `None` for `null`.
    pub(super) fn word(&mut self) -> Result<Option<bool>, Cause> {
        self.blanks();
        match self.token(|byte| byte.is_ascii_lowercase()) {
            "null" => Ok(None),
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(SYNTAX),
        }
    }

    /// Whether it is `null` that comes next; nothing else in JSON begins as it does.
    pub(super) fn at_null(&mut self) -> bool {
        self.blanks();
        self.peek() == Some(b'n')
    }

    /// The text that comes next.
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, Cause> {
        let rest = self.text.get(self.at..).filter(|rest| rest.starts_with('"')).ok_or(SYNTAX)?;
        let token = rest.get(..locate::string(rest.as_bytes())).ok_or(SYNTAX)?;
        self.at += token.len();
        let inside = token.get(1..).and_then(|inside| inside.strip_suffix('"')).ok_or(SYNTAX)?;
        if inside.bytes().any(|byte| byte == b'\\' || byte < b' ') {
            serde_json::from_str(token).map(Cow::Owned).map_err(|_| SYNTAX)
        } else {
            Ok(Cow::Borrowed(inside))
        }
    }

    /// That nothing comes any more.
    pub(super) fn end(&mut self) -> Result<(), Cause> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(SYNTAX) }
    }

    /// Whether `byte` comes next; then it is passed.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
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

    fn passes(json: &[u8]) -> bool {
        Parser::new(json).is_some_and(|mut parser| parser.value().and_then(|_| parser.end()).is_ok())
    }

    #[test]
    fn what_serde_json_takes_is_passed_and_nothing_else_is() {
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
            "{a:1}",
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
            assert_eq!(passes(text.as_bytes()), taken, "{text:.20}");
        }
        assert!(!passes(b"\"\xff\""));
    }

    #[test]
    fn a_value_gives_its_json() {
        let mut parser = Parser::new(br#" {"a\n": [1.50, "x"], "b": 1 } "#).unwrap();
        assert_eq!(parser.kind(), Kind::Object);
        let mut first = parser.open().unwrap();
        assert!(parser.another(b'}', &mut first).unwrap());
        assert_eq!((&*parser.key().unwrap(), parser.value().unwrap()), ("a\n", r#"[1.50, "x"]"#));
        assert!(parser.another(b'}', &mut first).unwrap());
        assert_eq!((&*parser.key().unwrap(), parser.number().unwrap()), ("b", "1"));
        assert!(!parser.another(b'}', &mut first).unwrap());
        parser.end().unwrap();
    }
}
