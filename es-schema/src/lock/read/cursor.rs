//! Reads one line of a lock, from its first letter to its last.

use std::collections::BTreeSet;

use es_core::schema::ID_SAMPLES;

use super::{
    super::{
        contents::{AcceptedType, Entry, Id, Layout, Named, OPEN},
        json_type::JsonType,
        json_type_parser, token,
    },
    Parsed,
};

const NO_LINE: &str = "the rest of the line is not valid";

/// What is left of a line.
pub(super) struct Cursor<'a>(pub(super) &'a str);

impl Cursor<'_> {
    fn take(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    pub(super) fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.take(text) { Ok(()) } else { Err(NO_LINE) }
    }

    /// A word in quotes, or what is bare until `end`.
    fn word(&mut self, end: impl FnOnce(&str) -> usize) -> Parsed<String> {
        if self.0.starts_with('"') {
            let mut strings = serde_json::Deserializer::from_str(self.0).into_iter::<String>();
            let word = strings.next().and_then(Result::ok).ok_or("the quotes do not close")?;
            self.0 = &self.0[strings.byte_offset()..];
            return Ok(word);
        }
        let (word, rest) = self.0.split_at(end(self.0));
        self.0 = rest;
        if word.is_empty() { Err("a name or a type is missing") } else { Ok(word.to_owned()) }
    }

    pub(super) fn name(&mut self) -> Parsed<String> {
        self.word(|text| text.find(|letter| !token::is_of_name(letter)).unwrap_or(text.len()))
    }

    pub(super) fn only_name(&mut self) -> Parsed<String> {
        let name = self.name()?;
        if self.0.is_empty() { Ok(name) } else { Err("there is text after the name") }
    }

    fn key(&mut self) -> Parsed<String> {
        self.word(|text| text.find(|letter| !token::is_of_key(letter)).unwrap_or(text.len()))
    }

    fn ty(&mut self) -> Parsed<String> {
        self.word(|text| token::end(text, &token::TYPE_ENDS))
    }

    fn notes(&mut self, entry: &mut Entry) -> Parsed<()> {
        if self.take(token::WITH) {
            entry.with = Some(self.word(|text| token::end(text, &[]))?);
            self.expect(")")?;
        }
        if self.take(token::ALSO) {
            loop {
                entry.aliases.insert(self.key()?);
                if self.take(")") {
                    break;
                }
                self.expect(", ")?;
            }
        }
        Ok(())
    }

    /// A field of a tuple, or the type of a flattened one.
    fn unnamed(&mut self) -> Parsed<Entry> {
        let ty = self.ty()?;
        let mut entry = Entry {
            ty,
            optional: self.take("?"),
            with: None,
            aliases: BTreeSet::new(),
            accepted: AcceptedType::default(),
        };
        self.notes(&mut entry)?;
        Ok(entry)
    }

    /// A field of an object: its key, or `None` when it is flattened.
    fn field(&mut self) -> Parsed<(Option<String>, Entry)> {
        if self.take("..") {
            return Ok((None, self.unnamed()?));
        }
        let key = self.key()?;
        let optional = self.take("?");
        self.expect(": ")?;
        let mut entry =
            Entry { ty: self.ty()?, optional, with: None, aliases: BTreeSet::new(), accepted: AcceptedType::default() };
        self.notes(&mut entry)?;
        Ok((Some(key), entry))
    }

    /// A line that tells the inside of a type.
    pub(super) fn inside(mut self) -> Parsed<(String, u32, JsonType)> {
        self.expect(token::WHERE.trim_start())?;
        let end = |text: &str| {
            let is = text.find(token::IS).unwrap_or(text.len());
            text.find(token::UP_TO).map_or(is, |up_to| up_to.min(is))
        };
        let key = self.word(end)?;
        let mut version = OPEN;
        if self.take(token::UP_TO) {
            let (number, rest) = self.0.split_once(token::IS).ok_or(NO_LINE)?;
            version = number.parse().map_err(|_| "the schema version is no number")?;
            self.0 = rest;
        } else {
            self.expect(token::IS)?;
        }
        Ok((key, version, json_type_parser::node(self.0)?))
    }

    /// What the ids of a stream are.
    pub(super) fn id(mut self) -> Parsed<Id> {
        self.expect(token::ID)?;
        let ends = |text: &str| {
            let prints = text.find(token::PRINTS).unwrap_or(text.len());
            text.find(token::TYPE_ONLY).map_or(prints, |only| only.min(prints))
        };
        let ty = self.word(ends)?;
        if self.take(token::TYPE_ONLY) {
            return if self.0.is_empty() { Ok(Id { ty, prints: None }) } else { Err(NO_LINE) };
        }
        let mut prints = Vec::new();
        for (at, sample) in ID_SAMPLES.iter().enumerate() {
            self.expect(if at == 0 { token::PRINTS } else { ", " })?;
            self.expect(sample)?;
            self.expect(" ")?;
            let refused = self.take(token::REFUSED);
            prints.push(if refused {
                None
            } else {
                self.expect("as ")?;
                Some(self.word(|_| 0)?)
            });
        }
        if self.0.is_empty() { Ok(Id { ty, prints: Some(prints) }) } else { Err(NO_LINE) }
    }

    pub(super) fn other_type(mut self) -> Parsed<Layout> {
        self.expect(token::AS)?;
        let ty = self.ty()?;
        let entry =
            Entry { ty, optional: false, with: None, aliases: BTreeSet::new(), accepted: AcceptedType::default() };
        self.end(Layout::As(entry))
    }

    pub(super) fn tuple(mut self) -> Parsed<Layout> {
        self.expect("(")?;
        let mut entries = Vec::new();
        if self.take(")") {
            return self.end(Layout::Tuple(entries));
        }
        loop {
            entries.push(self.unnamed()?);
            if self.take(")") {
                break;
            }
            self.expect(",")?;
            if entries.len() == 1 && self.take(")") {
                return self.end(Layout::Tuple(entries));
            }
            self.expect(" ")?;
        }
        match <[Entry; 1]>::try_from(entries) {
            Ok([only]) => self.end(Layout::Newtype(only)),
            Err(entries) => self.end(Layout::Tuple(entries)),
        }
    }

    pub(super) fn named(mut self) -> Parsed<Layout> {
        let mut named = Named::default();
        loop {
            let field = self.field()?;
            put(&mut named, field)?;
            if !self.take(", ") {
                return self.end(Layout::Named(named));
            }
        }
    }

    pub(super) fn steps(mut self, mut named: Named) -> Parsed<Layout> {
        loop {
            if self.take("- ") {
                let missing = "it removes what was not there";
                match self.field()? {
                    (Some(key), entry) if named.keyed.get(&key) == Some(&entry) => {
                        named.keyed.remove(&key);
                    }
                    (Some(_), _) => return Err(missing),
                    (None, entry) => {
                        let at = named.flattened.iter().position(|there| *there == entry).ok_or(missing)?;
                        named.flattened.remove(at);
                    }
                }
            } else {
                self.expect("+ ")?;
                let field = self.field()?;
                put(&mut named, field)?;
            }
            if !self.take(", ") {
                return self.end(Layout::Named(named));
            }
        }
    }

    fn end(self, layout: Layout) -> Parsed<Layout> {
        if self.0.is_empty() { Ok(layout) } else { Err(NO_LINE) }
    }
}

fn put(named: &mut Named, (key, entry): (Option<String>, Entry)) -> Parsed<()> {
    let Some(key) = key else {
        named.flattened.push(entry);
        named.flattened.sort();
        return Ok(());
    };
    match named.keyed.insert(key, entry) {
        Some(_) => Err("the key occurs twice"),
        None => Ok(()),
    }
}
