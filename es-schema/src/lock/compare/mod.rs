//! Compares the contents of a lock with the events that this program reads.

mod news;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    contents::{Contents, Entry, History, Id, Layout, Named, Standing},
    rust_type,
};

/// How a program differs from its lock.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Stored events that the program would no longer read with the same meaning.
    pub(super) incompatibilities: Vec<Incompatibility>,
    /// Lines about what the lock does not contain yet.
    pub(super) news: Vec<String>,
}

/// A stored event that the program no longer reads with the same meaning.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there are few of them, and each is printed and dropped")]
pub(super) enum Incompatibility {
    /// No aggregate of the check has the category.
    MissingStream { category: String, events: Vec<String>, moved_to: Option<String> },
    /// No event of the category reads this stored event.
    UnreadableEvent {
        category: String,
        name: String,
        locked: History,
        elsewhere: Option<String>,
        unlocked: Vec<UnlockedEvent>,
    },
    /// The event is no longer read under one of its stored names.
    MissingAlias { event: String, today: History, alias: String, up_to: u32 },
    /// The newest schema version is below one that was stored.
    LoweredVersion { event: String, today: History, locked: History },
    /// A schema version has another shape than the stored one.
    ChangedShape {
        event: String,
        today: History,
        version: u32,
        before: Layout,
        after: Layout,
        next: Option<Layout>,
        also: Vec<u32>,
    },
    /// The serde attributes of the struct are not those that it was stored with.
    ChangedSerdeAttributes { event: String, before: BTreeSet<String>, after: BTreeSet<String> },
    /// The ids of a category print differently, or may do so.
    ChangedId { category: String, before: Id, after: Id },
}

/// An event of a stream that the lock does not list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnlockedEvent {
    pub(super) name: String,
    pub(super) history: History,
}

/// Compares `current` with `locked`.
pub(super) fn compare(locked: &Contents, current: &Contents) -> Difference {
    let mut difference = Difference::default();
    for (category, events) in &locked.streams {
        difference.stream(category, events, locked, current);
    }
    difference.news(locked, current);
    difference.ids(locked, current);
    difference
}

impl Incompatibility {
    /// The names that `OVERWRITE_EVENT` needs to give this up: for a stream those of all its events.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::MissingStream { events, .. } => events.clone(),
            Self::UnreadableEvent { name, .. } => vec![name.clone()],
            Self::MissingAlias { event, .. }
            | Self::LoweredVersion { event, .. }
            | Self::ChangedShape { event, .. }
            | Self::ChangedSerdeAttributes { event, .. } => vec![event.clone()],
            Self::ChangedId { category, .. } => vec![id_of(category)],
        }
    }
}

/// The name of the ids of a category in `OVERWRITE_EVENT`.
pub(super) fn id_of(category: &str) -> String {
    format!("id of {category}")
}

impl Difference {
    fn add_incompatibility(&mut self, found: Incompatibility) {
        if !self.incompatibilities.contains(&found) {
            self.incompatibilities.push(found);
        }
    }

    fn add_news(&mut self, line: String) {
        if !self.news.contains(&line) {
            self.news.push(line);
        }
    }

    fn stream(&mut self, category: &str, events: &BTreeMap<String, Standing>, locked: &Contents, current: &Contents) {
        let Some(today) = current.streams.get(category) else {
            let new = |(name, _): &(&String, _)| !locked.streams.contains_key(*name);
            let shares = |today: &BTreeMap<String, _>| today.keys().any(|event| events.contains_key(event));
            let moved_to = current.streams.iter().filter(new).find(|(_, today)| shares(today));
            self.add_incompatibility(Incompatibility::MissingStream {
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
            let unlocked = |event: &String| {
                Some(UnlockedEvent { name: event.clone(), history: current.events.get(event)?.clone() })
            };
            self.add_incompatibility(Incompatibility::UnreadableEvent {
                category: category.to_owned(),
                name: name.clone(),
                locked: history.clone(),
                elsewhere: elsewhere.map(|(category, _)| category.clone()),
                unlocked: today.keys().filter(unknown).filter_map(unlocked).collect(),
            });
        }
    }

    /// Compares the event stored as `name` with the one that reads it today.
    fn event(&mut self, name: &str, locked: &History, reader: &str, today: &History) {
        let stored_under = locked.aliases.iter().map(|(alias, &up_to)| (alias.as_str(), up_to));
        for (alias, up_to) in stored_under.chain([(name, locked.newest())]) {
            let read_up_to = if alias == reader { Some(u32::MAX) } else { today.aliases.get(alias).copied() };
            if read_up_to.is_none_or(|read| read < up_to) {
                self.add_incompatibility(Incompatibility::MissingAlias {
                    event: reader.to_owned(),
                    today: today.clone(),
                    alias: alias.to_owned(),
                    up_to,
                });
            }
        }
        if today.newest() < locked.newest() {
            let (event, today, locked) = (reader.to_owned(), today.clone(), locked.clone());
            self.add_incompatibility(Incompatibility::LoweredVersion { event, today, locked });
            return;
        }
        self.layouts(reader, locked, today);
        let words = |version: &u32| (locked.words(*version), today.words(*version));
        let changed = locked.layouts.keys().map(words).find(|(before, after)| !is_kept_by(before, after));
        if let Some((before, after)) = changed {
            self.add_incompatibility(Incompatibility::ChangedSerdeAttributes {
                event: reader.to_owned(),
                before,
                after,
            });
        }
    }

    fn ids(&mut self, locked: &Contents, current: &Contents) {
        for (category, after) in &current.ids {
            match locked.ids.get(category) {
                Some(before) if !before.is_kept_by(after) => {
                    let (category, before, after) = (category.clone(), before.clone(), after.clone());
                    self.add_incompatibility(Incompatibility::ChangedId { category, before, after });
                }
                Some(before) if before.prints.is_none() && after.prints.is_some() => {
                    self.add_news(format!("what ids of stream `{category}` print"));
                }
                None if locked.streams.contains_key(category) => {
                    self.add_news(format!("the id of stream `{category}`"));
                }
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
        self.add_incompatibility(Incompatibility::ChangedShape {
            event: event.to_owned(),
            today: today.clone(),
            version,
            before: before.clone(),
            after: after.clone(),
            next: locked.layouts.get(&(version + 1)).cloned(),
            also: edited,
        });
    }
}

/// Whether payloads that were stored with the serde attributes `before` are read the same way with `after`. Only
/// `deny_unknown_fields` may go.
fn is_kept_by(before: &BTreeSet<String>, after: &BTreeSet<String>) -> bool {
    before.symmetric_difference(after).all(|word| word == "deny_unknown_fields" && before.contains(word))
}

impl Id {
    /// Whether an id of this type names the same stream as an id of the type `after`, as far as it is known.
    fn is_kept_by(&self, after: &Self) -> bool {
        let prints_alike = match (&self.prints, &after.prints) {
            (Some(before), Some(after)) => before == after,
            (None, _) => true,
            (Some(_), None) => false,
        };
        rust_type::json_type(&self.ty) == rust_type::json_type(&after.ty) && prints_alike
    }
}

/// The event of a stream that reads events stored as `name`.
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
    /// Whether this layout reads a payload of the layout `stored` with the same meaning.
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

    /// The keys of `stored` that this layout reads but writes under a key that `stored` does not read.
    fn renamed<'a>(&'a self, stored: &'a Self) -> Vec<(&'a str, &'a str)> {
        let (Self::Named(today), Self::Named(stored)) = (self, stored) else { return Vec::new() };
        let name = |key: &'a String| Some((key.as_str(), today.field(key)?.0.as_str()));
        stored.keyed.keys().filter_map(name).filter(|(_, name)| stored.field(name).is_none()).collect()
    }

    /// The fields of this layout, each with the field of `stored` that it reads.
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
