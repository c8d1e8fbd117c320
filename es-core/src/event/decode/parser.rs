//! Parses the JSON of a payload without allocating: it borrows from the payload and keeps nothing.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{PayloadErrorKind, cause::Cause, locate};

/// The deepest nesting that `serde_json` reads.
const DEPTH: usize = 127;

/// The error for a text that is not JSON.
const SYNTAX: Cause = Cause::Other(PayloadErrorKind::Syntax);

/// The kind of a value, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Array,
    Object,
    Number,
    /// `null`, `true`, `false`, or not JSON.
    Word,
}

/// A payload, and how far it is parsed.
#[derive(Debug)]
pub(super) struct Parser<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
}

impl<'de> Parser<'de> {
    /// Starts at the beginning of `payload`; `None` when it is not UTF-8.
    pub(super) fn new(payload: &'de [u8]) -> Option<Self> {
        Some(Self { text: std::str::from_utf8(payload).ok()?, at: 0, depth: 0 })
    }

    /// The kind of the next value.
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

    /// Skips the next value, and gives its JSON.
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

    /// Opens the next array or object. The result is the `first` for [`Self::another`].
    pub(super) fn open(&mut self) -> Result<bool, Cause> {
        if self.depth == DEPTH {
            return Err(Cause::Other(PayloadErrorKind::Depth));
        }
        self.depth += 1;
        self.at += 1;
        Ok(true)
    }

    /// Whether another element or entry comes before the bracket `closes`; if not, skips the bracket.
    pub(super) fn another(&mut self, closes: u8, first: &mut bool) -> Result<bool, Cause> {
        if self.takes(closes) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(false);
        }
        if std::mem::take(first) || self.takes(b',') { Ok(true) } else { Err(SYNTAX) }
    }

    /// Parses a key and its colon.
    pub(super) fn key(&mut self) -> Result<Cow<'de, str>, Cause> {
        self.blanks();
        let key = self.string()?;
        if self.takes(b':') { Ok(key) } else { Err(SYNTAX) }
    }

    /// Parses the next value, a number, and gives its text.
    pub(super) fn number(&mut self) -> Result<&'de str, Cause> {
        self.blanks();
        let token = self.token(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        serde_json::from_str::<IgnoredAny>(token).map(|_| token).map_err(|_| SYNTAX)
    }

    /// Parses a boolean, or `None` for `null`.
    pub(super) fn word(&mut self) -> Result<Option<bool>, Cause> {
        self.blanks();
        match self.token(|byte| byte.is_ascii_lowercase()) {
            "null" => Ok(None),
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(SYNTAX),
        }
    }

    /// Whether `null` comes next; no other value begins with `n`.
    pub(super) fn at_null(&mut self) -> bool {
        self.blanks();
        self.peek() == Some(b'n')
    }

    /// Parses the next value, a string.
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

    /// Checks that only blanks follow.
    pub(super) fn end(&mut self) -> Result<(), Cause> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(SYNTAX) }
    }

    /// Whether `byte` comes next; if so, skips it.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    fn blanks(&mut self) {
        self.token(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Takes the next ASCII bytes for which `part` holds.
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

    fn is_parsed(json: &[u8]) -> bool {
        Parser::new(json).is_some_and(|mut parser| parser.value().and_then(|_| parser.end()).is_ok())
    }

    #[test]
    fn exactly_the_json_that_serde_json_accepts_is_parsed() {
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
            // A `Value`, not `IgnoredAny`, which accepts escapes that no string can hold.
            let taken = serde_json::from_str::<serde_json::Value>(text).is_ok() || text == "1e400";
            assert_eq!(is_parsed(text.as_bytes()), taken, "{text:.20}");
        }
        assert!(!is_parsed(b"\"\xff\""));
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
