//! Reads a lock's text.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    contents::{Contents, Deep, Entry, History, Id, Layout, Named, OPEN, Standing},
    node::{Definitions, Node, Root},
    node_read, token,
};
use crate::schema::ID_SAMPLES;

/// A line that is not a line of a lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// Counted from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) what: &'static str,
}

/// The contents of `text`.
pub(super) fn read(text: &str) -> Result<Contents, Unreadable> {
    if text.starts_with('\u{feff}') {
        return Err(Unreadable { line: 1, what: BYTE_ORDER_MARK });
    }
    let mut reader = Reader::default();
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        last = index + 1;
        reader.line(line.trim_end()).map_err(|what| Unreadable { line: last, what })?;
    }
    reader.finish().map_err(|what| Unreadable { line: last, what })
}

const NO_LINE: &str = "it does not go on as a line of a lock";

/// What an editor may have put in front.
pub(super) const BYTE_ORDER_MARK: &str =
    "the file begins with a byte order mark; save it as UTF-8 without one, as it was written";

type Parsed<T> = Result<T, &'static str>;

#[derive(Default)]
struct Reader {
    contents: Contents,
    section: Section,
    /// By event, what its lines say that fields accept: the key, up to which schema version, and what.
    inside: BTreeMap<String, Vec<(String, u32, Node)>>,
    definitions: Definitions,
}

#[derive(Default)]
enum Section {
    #[default]
    None,
    Stream(String),
    Event(String),
    Type(String, Vec<String>),
}

impl Reader {
    fn line(&mut self, line: &str) -> Parsed<()> {
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker)) {
            return Err(
                "it is the mark of a merge conflict; keep the lines of one side and write what is new:  UPDATE_EVENTS_LOCK=1 cargo test",
            );
        }
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        match line.strip_prefix("  ") {
            Some(line) => self.entry(line),
            None => self.heading(line),
        }
    }

    fn heading(&mut self, line: &str) -> Parsed<()> {
        self.close()?;
        let (kind, rest) = line.split_once(' ').ok_or("it is no heading")?;
        let name = Cursor(rest).only_name()?;
        let (taken, section) = match kind {
            "stream" => (self.contents.streams.insert(name.clone(), BTreeMap::new()).is_some(), Section::Stream(name)),
            "event" => (self.contents.events.insert(name.clone(), History::default()).is_some(), Section::Event(name)),
            "type" => (false, Section::Type(name, Vec::new())),
            _ => return Err("it is no heading"),
        };
        self.section = section;
        if taken { Err("its section stands twice in the file") } else { Ok(()) }
    }

    fn entry(&mut self, line: &str) -> Parsed<()> {
        match &mut self.section {
            Section::None => Err("it stands before any heading"),
            Section::Stream(category) if line.starts_with(token::ID) => {
                match self.contents.ids.insert(category.clone(), Cursor(line).id()?) {
                    Some(_) => Err("the stream has two ids"),
                    None => Ok(()),
                }
            }
            Section::Stream(category) => {
                let events = self.contents.streams.entry(category.clone()).or_default();
                let (name, standing) = match line.strip_suffix(token::RETIRED) {
                    Some(name) => (name, Standing::Retired),
                    None => (line, Standing::Written),
                };
                match events.insert(Cursor(name).only_name()?, standing) {
                    Some(_) => Err("the stream lists the event twice"),
                    None => Ok(()),
                }
            }
            Section::Event(name) if line.starts_with(token::WHERE.trim_start()) => {
                let inside = Cursor(line).inside()?;
                self.inside.entry(name.clone()).or_default().push(inside);
                Ok(())
            }
            Section::Event(name) => history(self.contents.events.entry(name.clone()).or_default(), line),
            Section::Type(_, body) => {
                body.push(line.to_owned());
                Ok(())
            }
        }
    }

    fn close(&mut self) -> Parsed<()> {
        if let Section::Type(name, lines) = std::mem::take(&mut self.section) {
            let definition = node_read::definition(&lines)?;
            if self.definitions.insert(name, definition).is_some() {
                return Err("its section stands twice in the file");
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Parsed<Contents> {
        self.close()?;
        let definitions = Rc::new(self.definitions);
        for (event, lines) in self.inside {
            let Some(history) = self.contents.events.get_mut(&event) else { continue };
            for (version, layout) in &mut history.layouts {
                layout.each_entry(|entry| {
                    let key = entry.key();
                    let holds = |(named, up_to, _): &&(String, u32, Node)| *named == key && up_to >= version;
                    if let Some((.., node)) = lines.iter().filter(holds).min_by_key(|(_, up_to, _)| *up_to) {
                        let definitions = Rc::clone(&definitions);
                        entry.deep = Deep(Some(Rc::new(Root { node: node.clone(), definitions, outline: None })));
                    }
                });
            }
        }
        let Contents { streams, events, .. } = &self.contents;
        if streams.values().flat_map(BTreeMap::keys).any(|event| !events.contains_key(event)) {
            return Err("a stream lists an event that has no section");
        }
        Ok(self.contents)
    }
}

fn history(history: &mut History, line: &str) -> Parsed<()> {
    if let Some(words) = line.strip_prefix(token::SERDE) {
        let (words, up_to) = up_to(words)?;
        let words = words.split(", ").filter(|word| *word != token::NO_WORDS).map(str::to_owned).collect();
        return match history.words.insert(up_to, words) {
            Some(_) => Err("serde's words stand twice"),
            None => Ok(()),
        };
    }
    if let Some(alias) = line.strip_prefix("also ") {
        let mut cursor = Cursor(alias);
        let name = cursor.name()?;
        cursor.expect(" up to ")?;
        let up_to = cursor.0.parse().map_err(|_| "the schema version is no number")?;
        return match history.aliases.insert(name, up_to) {
            Some(_) => Err("the event lists the alias twice"),
            None => Ok(()),
        };
    }
    let (version, text) = line.split_once(": ").ok_or("it is no schema version")?;
    let version: u32 = version.parse().map_err(|_| "the schema version is no number")?;
    if version != history.newest() + 1 {
        return Err("the schema versions of the event do not rise by one");
    }
    let layout = layout(history.layouts.get(&(version - 1)), text)?;
    history.layouts.insert(version, layout);
    Ok(())
}

/// What stands before `up to`, and the number behind it.
fn up_to(text: &str) -> Parsed<(&str, u32)> {
    match text.rsplit_once(token::UP_TO) {
        Some((text, up_to)) => Ok((text, up_to.parse().map_err(|_| "the schema version is no number")?)),
        None => Ok((text, OPEN)),
    }
}

fn layout(before: Option<&Layout>, text: &str) -> Parsed<Layout> {
    let first = "there is no schema version before it";
    match text {
        token::UNCHANGED => before.cloned().ok_or(first),
        token::NOT_DESCRIBED => Ok(Layout::NotDescribed),
        token::UNIT => Ok(Layout::Unit),
        token::NO_FIELDS => Ok(Layout::Named(Named::default())),
        _ if text.starts_with(token::AS) => Cursor(text).other_type(),
        _ if text.starts_with('(') => Cursor(text).tuple(),
        _ if text.starts_with("+ ") || text.starts_with("- ") => match before {
            Some(Layout::Named(before)) => Cursor(text).steps(before.clone()),
            _ => Err(first),
        },
        _ => Cursor(text).named(),
    }
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn take(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
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

    fn name(&mut self) -> Parsed<String> {
        self.word(|text| text.find(|letter| !token::is_of_name(letter)).unwrap_or(text.len()))
    }

    fn only_name(&mut self) -> Parsed<String> {
        let name = self.name()?;
        if self.0.is_empty() { Ok(name) } else { Err("more than a name stands here") }
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
        let mut entry =
            Entry { ty, optional: self.take("?"), with: None, aliases: BTreeSet::new(), deep: Deep::default() };
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
        let mut entry = Entry { ty: self.ty()?, optional, with: None, aliases: BTreeSet::new(), deep: Deep::default() };
        self.notes(&mut entry)?;
        Ok((Some(key), entry))
    }

    /// A line that tells the inside of a type.
    fn inside(mut self) -> Parsed<(String, u32, Node)> {
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
        Ok((key, version, node_read::node(self.0)?))
    }

    /// What the ids of a stream are.
    fn id(mut self) -> Parsed<Id> {
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

    fn other_type(mut self) -> Parsed<Layout> {
        self.expect(token::AS)?;
        let ty = self.ty()?;
        let entry = Entry { ty, optional: false, with: None, aliases: BTreeSet::new(), deep: Deep::default() };
        self.end(Layout::As(entry))
    }

    fn tuple(mut self) -> Parsed<Layout> {
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

    fn named(mut self) -> Parsed<Layout> {
        let mut named = Named::default();
        loop {
            let field = self.field()?;
            put(&mut named, field)?;
            if !self.take(", ") {
                return self.end(Layout::Named(named));
            }
        }
    }

    fn steps(mut self, mut named: Named) -> Parsed<Layout> {
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
        Some(_) => Err("the key stands there twice"),
        None => Ok(()),
    }
}
