//! Parses the text of a [`JsonType`].

use super::{
    json_type::{INTEGER, INTEGERS, JsonType, Object, Property},
    token,
};

type Parsed<T> = Result<T, &'static str>;

const UNKNOWN: &str = "it does not describe what a type accepts";

/// The type of a definition with these lines.
pub(super) fn definition(lines: &[String]) -> Parsed<JsonType> {
    match lines {
        [only] if only.starts_with("= ") => node(&only[2..]),
        [first, ..] if first.starts_with("| ") => lines
            .iter()
            .map(|line| node(line.strip_prefix("| ").ok_or(UNKNOWN)?))
            .collect::<Parsed<_>>()
            .map(JsonType::OneOf),
        lines => {
            let mut object = Object::default();
            for line in lines {
                let mut reader = Reader(line);
                reader.part(&mut object)?;
                reader.end()?;
            }
            Ok(JsonType::Object(object))
        }
    }
}

/// The type that is written as `text`.
pub(super) fn node(text: &str) -> Parsed<JsonType> {
    let mut reader = Reader(text);
    let node = reader.node()?;
    reader.end()?;
    Ok(node)
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn take(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.take(text) { Ok(()) } else { Err(UNKNOWN) }
    }

    fn end(&self) -> Parsed<()> {
        if self.0.is_empty() { Ok(()) } else { Err(UNKNOWN) }
    }

    /// A JSON value, as it is written.
    fn json(&mut self) -> Parsed<String> {
        if !self.0.starts_with(['"', '[', '{']) {
            let (json, rest) = self.0.split_at(self.0.find([' ', ',', '>', ')', ']', '}']).unwrap_or(self.0.len()));
            self.0 = rest;
            return if json.is_empty() { Err(UNKNOWN) } else { Ok(json.to_owned()) };
        }
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<serde::de::IgnoredAny>();
        values.next().and_then(Result::ok).ok_or(UNKNOWN)?;
        let (json, rest) = self.0.split_at(values.byte_offset());
        self.0 = rest;
        Ok(json.to_owned())
    }

    fn key(&mut self) -> Parsed<String> {
        if self.0.starts_with('"') {
            return serde_json::from_str(&self.json()?).map_err(|_| UNKNOWN);
        }
        let (key, rest) = self.0.split_at(self.0.find(|letter| !token::is_of_key(letter)).unwrap_or(self.0.len()));
        self.0 = rest;
        if key.is_empty() { Err(UNKNOWN) } else { Ok(key.to_owned()) }
    }

    fn number<T: std::str::FromStr>(&mut self) -> Parsed<T> {
        let end = self.0.find(|letter: char| !letter.is_ascii_digit() && letter != '-').unwrap_or(self.0.len());
        let (number, rest) = self.0.split_at(end);
        self.0 = rest;
        number.parse().map_err(|_| UNKNOWN)
    }

    fn node(&mut self) -> Parsed<JsonType> {
        if self.take("= ") {
            return self.json().map(JsonType::Constant);
        }
        if self.take("@") {
            return self.key().map(JsonType::Named);
        }
        if self.take("with ") {
            let words = self.json()?;
            self.expect(" ")?;
            return Ok(JsonType::With(Box::new(self.node()?), words));
        }
        if self.take("unseen ") {
            return Ok(JsonType::Unseen(Box::new(self.node()?)));
        }
        if self.take("[") {
            let inner = Box::new(self.node()?);
            let count = if self.take("; ") { Some(self.number()?) } else { None };
            self.expect("]")?;
            return Ok(JsonType::List(inner, count));
        }
        if self.take("(") {
            let mut nodes = Vec::new();
            while !self.take(")") {
                nodes.push(self.node()?);
                self.expect(", ")?;
            }
            return Ok(JsonType::Tuple(nodes));
        }
        if self.take("<") {
            let mut nodes = Vec::new();
            while !self.take(">") {
                nodes.push(self.node()?);
                self.take(" | ");
            }
            return Ok(JsonType::OneOf(nodes));
        }
        if self.take("{") {
            let mut object = Object::default();
            while !self.take("}") {
                self.part(&mut object)?;
                self.take(", ");
            }
            return Ok(JsonType::Object(object));
        }
        self.word()
    }

    fn word(&mut self) -> Parsed<JsonType> {
        let word = self.key()?;
        Ok(match word.as_str() {
            "any" => JsonType::Any,
            "null" => JsonType::Null,
            "boolean" => JsonType::Boolean,
            "float" => JsonType::Float(32),
            "double" => JsonType::Float(64),
            "other" => JsonType::Other,
            "string" if self.take("(") => {
                let format = self.key()?;
                self.expect(")")?;
                JsonType::Text(Some(format))
            }
            "string" => JsonType::Text(None),
            "integer" if self.take("(") => {
                let min = self.number()?;
                self.expect("..=")?;
                let max = self.number()?;
                self.expect(")")?;
                JsonType::Integer { min, max }
            }
            "integer" => INTEGER,
            _ => {
                let (_, min, max) = INTEGERS.into_iter().find(|(name, ..)| *name == word).ok_or(UNKNOWN)?;
                JsonType::Integer { min, max }
            }
        })
    }

    fn part(&mut self, object: &mut Object) -> Parsed<()> {
        if self.take("nothing else") {
            object.closed = true;
            return Ok(());
        }
        if self.take("*") {
            if self.take("(") {
                object.keys = Some(Box::new(self.node()?));
                self.expect(")")?;
            }
            self.expect(": ")?;
            object.rest = Some(Box::new(self.node()?));
            return Ok(());
        }
        let key = self.key()?;
        let optional = self.take("?");
        let mut aliases = Vec::new();
        if self.take(" (also ") {
            loop {
                aliases.push(self.key()?);
                if self.take(")") {
                    break;
                }
                self.expect(", ")?;
            }
        }
        self.expect(": ")?;
        object.fields.insert(key, Property { node: self.node()?, optional, aliases });
        Ok(())
    }
}
