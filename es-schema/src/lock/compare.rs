//! Compares what is locked with what this program promises.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    contents::{Contents, Entry, History, Id, Layout, Named, Standing},
    written,
};

/// How a program differs from its lock.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// What is stored and would no longer be read as it was.
    pub(super) broken: Vec<Broken>,
    /// What the lock does not know yet, a line each.
    pub(super) news: Vec<String>,
}

/// A promise that is not kept.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there are few of them, and each is printed and dropped")]
pub(super) enum Broken {
    /// No aggregate has the category.
    Stream { category: String, events: Vec<String>, moved_to: Option<String> },
    /// The streams of a category cannot be read past this event.
    Event { category: String, name: String, locked: History, elsewhere: Option<String>, newcomers: Vec<Newcomer> },
    /// The event is no longer read under a name that it was stored under.
    Alias { event: String, today: History, alias: String, up_to: u32 },
    /// The newest schema version is below one that was stored.
    Lowered { event: String, today: History, locked: History },
    /// A schema version has another shape than it was stored with.
    Edited {
        event: String,
        today: History,
        version: u32,
        before: Layout,
        after: Layout,
        next: Option<Layout>,
        also: Vec<u32>,
    },
    /// serde's words on the struct are no longer those it was stored with.
    Words { event: String, before: BTreeSet<String>, after: BTreeSet<String> },
    /// The ids of a category print as something else, or may do.
    Id { category: String, before: Id, after: Id },
}

/// An event that the lock does not list for its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newcomer {
    pub(super) name: String,
    pub(super) history: History,
}

/// How `current` differs from `locked`.
pub(super) fn compare(locked: &Contents, current: &Contents) -> Difference {
    let mut difference = Difference::default();
    for (category, events) in &locked.streams {
        difference.stream(category, events, locked, current);
    }
    difference.news(locked, current);
    difference.ids(locked, current);
    difference
}

impl Broken {
    /// The names, any of which gives this up; for a stream all its events together.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Stream { events, .. } => events.clone(),
            Self::Event { name, .. } => vec![name.clone()],
            Self::Alias { event, .. }
            | Self::Lowered { event, .. }
            | Self::Edited { event, .. }
            | Self::Words { event, .. } => vec![event.clone()],
            Self::Id { category, .. } => vec![id_of(category)],
        }
    }
}

/// How the ids of a category are called where events have names.
pub(super) fn id_of(category: &str) -> String {
    format!("id of {category}")
}

impl Difference {
    fn broken(&mut self, broken: Broken) {
        if !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    fn add(&mut self, line: String) {
        if !self.news.contains(&line) {
            self.news.push(line);
        }
    }

    fn stream(&mut self, category: &str, events: &BTreeMap<String, Standing>, locked: &Contents, current: &Contents) {
        let Some(today) = current.streams.get(category) else {
            let new = |(name, _): &(&String, _)| !locked.streams.contains_key(*name);
            let shares = |today: &BTreeMap<String, _>| today.keys().any(|event| events.contains_key(event));
            let moved_to = current.streams.iter().filter(new).find(|(_, today)| shares(today));
            self.broken(Broken::Stream {
                category: category.to_owned(),
                events: events.keys().cloned().collect(),
                moved_to: moved_to.map(|(name, _)| name.clone()),
            });
            return;
        };
        for (name, history) in events.keys().filter_map(|name| locked.events.get_key_value(name)) {
            if let Some((reader, read)) = reader(name, today, current) {
                self.event(name, history, reader, read);
                continue;
            }
            let elsewhere = current.streams.iter().find(|(_, events)| events.contains_key(name));
            let unknown = |event: &&String| !events.contains_key(*event) && !locked.events.contains_key(*event);
            let newcomer =
                |event: &String| Some(Newcomer { name: event.clone(), history: current.events.get(event)?.clone() });
            self.broken(Broken::Event {
                category: category.to_owned(),
                name: name.clone(),
                locked: history.clone(),
                elsewhere: elsewhere.map(|(category, _)| category.clone()),
                newcomers: today.keys().filter(unknown).filter_map(newcomer).collect(),
            });
        }
    }

    /// Compares the event stored as `name` with the one that reads it today.
    fn event(&mut self, name: &str, locked: &History, reader: &str, today: &History) {
        let stored_under = locked.aliases.iter().map(|(alias, &up_to)| (alias.as_str(), up_to));
        for (alias, up_to) in stored_under.chain([(name, locked.newest())]) {
            let read_up_to = if alias == reader { Some(u32::MAX) } else { today.aliases.get(alias).copied() };
            if read_up_to.is_none_or(|read| read < up_to) {
                self.broken(Broken::Alias {
                    event: reader.to_owned(),
                    today: today.clone(),
                    alias: alias.to_owned(),
                    up_to,
                });
            }
        }
        if today.newest() < locked.newest() {
            let (event, today, locked) = (reader.to_owned(), today.clone(), locked.clone());
            self.broken(Broken::Lowered { event, today, locked });
            return;
        }
        self.layouts(reader, locked, today);
        let words = |version: &u32| (locked.words(*version), today.words(*version));
        let changed = locked.layouts.keys().map(words).find(|(before, after)| !is_kept_by(before, after));
        if let Some((before, after)) = changed {
            self.broken(Broken::Words { event: reader.to_owned(), before, after });
        }
    }

    fn ids(&mut self, locked: &Contents, current: &Contents) {
        for (category, after) in &current.ids {
            match locked.ids.get(category) {
                Some(before) if !before.is_kept_by(after) => {
                    let (category, before, after) = (category.clone(), before.clone(), after.clone());
                    self.broken(Broken::Id { category, before, after });
                }
                Some(before) if before.prints.is_none() && after.prints.is_some() => {
                    self.add(format!("what ids of stream `{category}` print"));
                }
                None if locked.streams.contains_key(category) => self.add(format!("the id of stream `{category}`")),
                _ => {}
            }
        }
    }

    fn layouts(&mut self, event: &str, locked: &History, today: &History) {
        let differs = |(version, before): (&u32, &Layout)| {
            let after = today.layouts.get(version)?;
            (!after.reads(before)).then_some(*version)
        };
        let mut edited: Vec<_> = locked.layouts.iter().filter_map(differs).collect();
        let Some(version) = edited.pop() else { return };
        let (Some(before), Some(after)) = (locked.layouts.get(&version), today.layouts.get(&version)) else { return };
        self.broken(Broken::Edited {
            event: event.to_owned(),
            today: today.clone(),
            version,
            before: before.clone(),
            after: after.clone(),
            next: locked.layouts.get(&(version + 1)).cloned(),
            also: edited,
        });
    }

    fn news(&mut self, locked: &Contents, current: &Contents) {
        for (category, events) in &current.streams {
            let known = locked.streams.get(category);
            if known.is_none() {
                self.add(format!("stream `{category}`"));
            }
            for (event, standing) in events {
                match (known.and_then(|known| known.get(event)), standing) {
                    (None, _) => self.add(format!("event `{event}` of stream `{category}`")),
                    (Some(Standing::Written), Standing::Retired) => {
                        self.add(format!("event `{event}` of stream `{category}` is retired"));
                    }
                    (Some(Standing::Retired), Standing::Written) => {
                        self.add(format!("event `{event}` of stream `{category}` is written again"));
                    }
                    _ => {}
                }
            }
        }
        for (event, today) in &current.events {
            if let Some(known) = locked.events.get(event) {
                self.news_of_event(event, known, today);
            }
        }
    }

    fn news_of_event(&mut self, event: &str, known: &History, today: &History) {
        for (alias, up_to) in &today.aliases {
            if known.aliases.get(alias) != Some(up_to) {
                self.add(format!("event `{event}` was stored as `{alias}` up to {up_to}"));
            }
        }
        let newest = known.newest();
        if known.words(newest) != today.words(newest) && is_kept_by(&known.words(newest), &today.words(newest)) {
            self.add(format!("event `{event}` refuses no key that it does not know"));
        }
        for (version, layout) in &today.layouts {
            match known.layouts.get(version) {
                None => self.add(format!("event `{event}` in schema version {version}")),
                Some(Layout::NotDescribed) if *layout != Layout::NotDescribed => {
                    self.add(format!("event `{event}` describes schema version {version}"));
                }
                Some(before) if layout.reads(before) => {
                    for (key, name) in layout.renamed(before) {
                        self.add(format!(
                            "`{key}` of event `{event}` in schema version {version} is written as `{name}`: the release before \
                             cannot read all that is written now"
                        ));
                    }
                    for (field, today, stored) in layout.pairs(before) {
                        self.news_of_field(event, *version, &field, today, stored);
                    }
                }
                Some(_) => {}
            }
        }
    }
}

impl Difference {
    /// A field that reads what was stored, and perhaps more.
    fn news_of_field(&mut self, event: &str, version: u32, field: &str, today: &Entry, stored: &Entry) {
        if today.aliases.len() > stored.aliases.len() {
            self.add(format!("event `{event}` reads more keys in schema version {version}"));
        }
        if today.optional && !stored.optional {
            self.add(format!("`{field}` of event `{event}` may be absent in schema version {version}"));
        }
        if today.is_same_type(stored) {
            return;
        }
        let what = format!("`{field}` of event `{event}` in schema version {version}");
        match (today.is_seen(), stored.is_seen()) {
            (true, false) if today.is_written_as(stored) => self.add(format!("what is inside {what}")),
            _ if today.is_read_before(stored) => self.add(format!("{what} reads more than before")),
            _ => self.add(format!(
                "{what} reads and writes more than before: the release before cannot read all that is written now"
            )),
        }
    }
}

/// Whether payloads that were stored under the words `before` are read as before under `after`: a key that is not known
/// may be refused no longer.
fn is_kept_by(before: &BTreeSet<String>, after: &BTreeSet<String>) -> bool {
    before.symmetric_difference(after).all(|word| word == "deny_unknown_fields" && before.contains(word))
}

impl Id {
    /// Whether an id of this type names the same stream as one of the type `after`, as far as can be told.
    fn is_kept_by(&self, after: &Self) -> bool {
        let prints_alike = match (&self.prints, &after.prints) {
            (Some(before), Some(after)) => before == after,
            (None, _) => true,
            (Some(_), None) => false,
        };
        written::node(&self.ty) == written::node(&after.ty) && prints_alike
    }
}

/// Which event of a stream reads what is stored as `name`.
fn reader<'a>(
    name: &str,
    listed: &BTreeMap<String, Standing>,
    current: &'a Contents,
) -> Option<(&'a str, &'a History)> {
    let listed = || current.events.iter().filter(|(event, _)| listed.contains_key(*event));
    let found = listed().find(|(event, _)| *event == name);
    let found = found.or_else(|| listed().find(|(_, history)| history.aliases.contains_key(name)));
    found.map(|(event, history)| (event.as_str(), history))
}

impl Layout {
    /// Whether a payload that was stored as `stored` is read by this as it was.
    pub(super) fn reads(&self, stored: &Self) -> bool {
        match (self, stored) {
            (Self::Named(today), Self::Named(stored)) => {
                let mut read = BTreeSet::new();
                today.keyed.len() == stored.keyed.len()
                    && all(&today.flattened, &stored.flattened)
                    && stored.keyed.iter().all(|(key, stored)| {
                        today.field(key).is_some_and(|(name, today)| read.insert(name) && today.reads(stored))
                    })
            }
            (Self::Tuple(today), Self::Tuple(stored)) => all(today, stored),
            (Self::Newtype(today), Self::Newtype(stored)) | (Self::As(today), Self::As(stored)) => today.reads(stored),
            (Self::Unit, Self::Unit) | (_, Self::NotDescribed) => true,
            _ => false,
        }
    }

    /// The keys of `stored` that this reads and writes as others, which `stored` does not read.
    fn renamed<'a>(&'a self, stored: &'a Self) -> Vec<(&'a str, &'a str)> {
        let (Self::Named(today), Self::Named(stored)) = (self, stored) else { return Vec::new() };
        let name = |key: &'a String| Some((key.as_str(), today.field(key)?.0.as_str()));
        stored.keyed.keys().filter_map(name).filter(|(_, name)| stored.field(name).is_none()).collect()
    }

    /// The fields of this, each beside the one of `stored` that it reads.
    pub(super) fn pairs<'a>(&'a self, stored: &'a Self) -> Vec<(String, &'a Entry, &'a Entry)> {
        let places = |today: &'a [Entry], stored: &'a [Entry]| {
            today.iter().zip(stored).enumerate().map(|(place, (today, stored))| (place.to_string(), today, stored))
        };
        match (self, stored) {
            (Self::Named(today), Self::Named(stored)) => {
                let keyed =
                    stored.keyed.iter().filter_map(|(key, stored)| Some((key.clone(), today.field(key)?.1, stored)));
                let flattened = today.flattened.iter().zip(&stored.flattened);
                let flattened = flattened.map(|(today, stored)| (format!("..{}", today.ty), today, stored));
                keyed.chain(flattened).collect()
            }
            (Self::Tuple(today), Self::Tuple(stored)) => places(today, stored).collect(),
            (Self::Newtype(today), Self::Newtype(stored)) | (Self::As(today), Self::As(stored)) => {
                vec![("0".to_owned(), today, stored)]
            }
            _ => Vec::new(),
        }
    }
}

impl Named {
    /// The field that reads `key`.
    fn field(&self, key: &str) -> Option<(&String, &Entry)> {
        let aliased = || self.keyed.iter().find(|(_, entry)| entry.aliases.contains(key));
        self.keyed.get_key_value(key).or_else(aliased)
    }
}

fn all(today: &[Entry], stored: &[Entry]) -> bool {
    today.len() == stored.len() && today.iter().zip(stored).all(|(today, stored)| today.reads(stored))
}
