//! JSON that keeps numbers exactly: as a float, `i128::MIN` would lose its last digits.

use std::{collections::BTreeMap, fmt};

use serde::de::IgnoredAny;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

/// A number as it is written. Two numbers are equal if they have the same value, and both or neither are written as floats.
#[derive(Clone, Debug)]
pub(super) struct Number(String);

impl Json {
    /// The value of `text`.
    pub(super) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        // The text is valid JSON after this, so the reader below only splits it.
        serde_json::from_slice::<IgnoredAny>(text)?;
        let text = std::str::from_utf8(text).map_err(serde::de::Error::custom)?;
        Reader(text.trim_start()).value()
    }

    /// The value without white space, as it is stored.
    pub(super) fn compact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, None);
        text
    }

    fn write(&self, text: &mut String, indent: Option<usize>) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(Number(number)) => text.push_str(number),
            Self::Text(value) => text.push_str(&quoted(value)),
            Self::List(values) => {
                let values = values.iter().map(|value| (String::new(), value)).collect();
                enclosed(text, ('[', ']'), values, indent);
            }
            Self::Object(entries) => {
                let colon = if indent.is_some() { ": " } else { ":" };
                let entries = entries.iter().map(|(key, value)| (format!("{}{colon}", quoted(key)), value)).collect();
                enclosed(text, ('{', '}'), entries, indent);
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn enclosed(text: &mut String, (open, close): (char, char), values: Vec<(String, &Json)>, indent: Option<usize>) {
    let line = |text: &mut String, depth: Option<usize>| {
        if let Some(depth) = depth {
            text.push('\n');
            text.extend(std::iter::repeat_n("  ", depth));
        }
    };
    let inside = indent.map(|depth| depth + 1);
    let is_empty = values.is_empty();
    text.push(open);
    for (at, (before, value)) in values.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        line(text, inside);
        text.push_str(&before);
        value.write(text, inside);
    }
    if !is_empty {
        line(text, indent);
    }
    text.push(close);
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, Some(0));
        f.write_str(&text)
    }
}

impl Number {
    /// The sign, whether it is written as a float, the digits without zeros around them, and the power of ten behind
    /// them.
    fn parts(&self) -> (bool, bool, String, i64) {
        let (negative, number) = self.0.strip_prefix('-').map_or((false, self.0.as_str()), |number| (true, number));
        let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_float = number.contains(['.', 'e', 'E']);
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        let exponent = exponent.trim_start_matches('+').parse().unwrap_or(i64::MAX);
        let behind = i64::try_from(all.len() - digits.len()).unwrap_or(i64::MAX);
        let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let digits = digits.trim_start_matches('0').to_owned();
        let power = if digits.is_empty() { 0 } else { exponent.saturating_sub(fraction).saturating_add(behind) };
        (negative, is_float, digits, power)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Number {}

/// Splits valid JSON into values.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn value(&mut self) -> Result<Json, serde_json::Error> {
        let Some(first) = self.0.chars().next() else { return Err(serde::de::Error::custom("nothing is there")) };
        Ok(match first {
            '{' => {
                let mut entries = BTreeMap::new();
                self.skip(1);
                while !self.take('}') {
                    let key = self.text()?;
                    self.take(':');
                    entries.insert(key, self.value()?);
                    self.take(',');
                }
                Json::Object(entries)
            }
            '[' => {
                let mut values = Vec::new();
                self.skip(1);
                while !self.take(']') {
                    values.push(self.value()?);
                    self.take(',');
                }
                Json::List(values)
            }
            '"' => Json::Text(self.text()?),
            'n' => {
                self.skip(4);
                Json::Null
            }
            't' => {
                self.skip(4);
                Json::Bool(true)
            }
            'f' => {
                self.skip(5);
                Json::Bool(false)
            }
            _ => {
                let end = self.0.find(|letter: char| !letter.is_ascii_digit() && !"+-.eE".contains(letter));
                let number = self.0[..end.unwrap_or(self.0.len())].to_owned();
                self.skip(number.len());
                Json::Number(Number(number))
            }
        })
    }

    fn text(&mut self) -> Result<String, serde_json::Error> {
        let mut texts = serde_json::Deserializer::from_str(self.0).into_iter::<String>();
        let text = texts.next().unwrap_or_else(|| Ok(String::new()))?;
        let end = texts.byte_offset();
        self.skip(end);
        Ok(text)
    }

    fn take(&mut self, letter: char) -> bool {
        let takes = self.0.starts_with(letter);
        if takes {
            self.skip(letter.len_utf8());
        }
        takes
    }

    fn skip(&mut self, bytes: usize) {
        self.0 = self.0[bytes..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn numbers_are_written_with_every_digit() {
        for text in [
            "null",
            "[]",
            "{}",
            r#"[true,false,null,"a \"quoted\" größe\n",-170141183460469231731687303715884105728]"#,
            r#"{"":[{"a":1.50,"b":{"c":[[]]}}],"x\u0001y":340282366920938463463374607431768211455}"#,
        ] {
            assert_eq!(json(text).compact(), text);
            assert_eq!(json(&json(text).to_string()), json(text));
        }
        assert_eq!(json(" { \"a\" : [ 1 , 2 ] } ").to_string(), "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
    }

    #[test]
    fn numbers_are_compared_exactly() {
        for (one, other) in [("1.50", "1.5"), ("1e2", "1.0e+2"), ("100.0", "1E2"), ("0.0", "0e9"), ("7", "7")] {
            assert_eq!(json(one), json(other));
        }
        for (one, other) in [
            ("-170141183460469231731687303715884105728", "-170141183460469231731687303715884105727"),
            ("9007199254740993", "9007199254740992"),
            ("1", "1.0"),
            ("1", "10"),
            ("-0.0", "0.0"),
            ("0.1", "0.10000000000000001"),
            ("1", "\"1\""),
        ] {
            assert_ne!(json(one), json(other));
        }
    }

    #[test]
    fn invalid_json_is_refused() {
        for text in ["", "{", "[1,]", "1 2", "01", "{\"a\" 1}"] {
            assert!(Json::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
