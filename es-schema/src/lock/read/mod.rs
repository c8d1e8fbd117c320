//! Reads a lock's text.

use std::{collections::BTreeMap, rc::Rc, str::FromStr};

mod cursor;

use cursor::Cursor;

use super::{
    contents::{AcceptedType, Contents, History, Layout, Named, OPEN, Standing, Unreadable},
    json_type::{Definitions, JsonType, RootType},
    json_type_parser, token,
};

/// ```
/// use es_schema::contents::{Contents, Layout, Standing};
///
/// let lock: Contents = "
/// stream account
///   account.opened
///   account.audited (retired)
///
/// event account.audited
///   1: null
///
/// event account.opened
///   1: owner: String
///   2: + currency: String
/// "
/// .parse()?;
///
/// assert_eq!(lock.streams["account"]["account.audited"], Standing::Retired);
/// let opened = &lock.events["account.opened"];
/// let Layout::Named(first) = &opened.layouts[&1] else { unreachable!() };
/// assert_eq!(first.keyed["owner"].ty, "String");
/// // A layout is complete, although the text holds differences only.
/// assert_eq!(opened.layouts[&2].to_string(), "currency: String, owner: String");
/// # Ok::<(), es_schema::contents::Unreadable>(())
/// ```
impl FromStr for Contents {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
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
}

/// What an editor may have put in front.
pub(super) const BYTE_ORDER_MARK: &str =
    "the file begins with a byte order mark; save it as UTF-8 without one, as it was written";

type Parsed<T> = Result<T, &'static str>;

#[derive(Default)]
struct Reader {
    contents: Contents,
    section: Section,
    /// By event, what its lines say that fields accept: the key, up to which schema version, and what.
    inside: BTreeMap<String, Vec<(String, u32, JsonType)>>,
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
        let (kind, rest) = line.split_once(' ').ok_or("it is not a heading")?;
        let name = Cursor(rest).only_name()?;
        let (taken, section) = match kind {
            "stream" => (self.contents.streams.insert(name.clone(), BTreeMap::new()).is_some(), Section::Stream(name)),
            "event" => (self.contents.events.insert(name.clone(), History::default()).is_some(), Section::Event(name)),
            "type" => (false, Section::Type(name, Vec::new())),
            _ => return Err("it is not a heading"),
        };
        self.section = section;
        if taken { Err("the section occurs twice") } else { Ok(()) }
    }

    fn entry(&mut self, line: &str) -> Parsed<()> {
        match &mut self.section {
            Section::None => Err("the line is before the first heading"),
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
            let definition = json_type_parser::definition(&lines)?;
            if self.definitions.insert(name, definition).is_some() {
                return Err("the section occurs twice");
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
                    let holds = |(named, up_to, _): &&(String, u32, JsonType)| *named == key && up_to >= version;
                    if let Some((.., node)) = lines.iter().filter(holds).min_by_key(|(_, up_to, _)| *up_to) {
                        let definitions = Rc::clone(&definitions);
                        entry.accepted =
                            AcceptedType(Some(Rc::new(RootType { node: node.clone(), definitions, traced: None })));
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
            Some(_) => Err("the serde attributes are given twice"),
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

/// The text before `up to` and the number after it.
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
