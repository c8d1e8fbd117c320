//! Compares what is locked with what this program promises.

use std::collections::{BTreeMap, BTreeSet};

use super::contents::{Contents, Entry, History, Layout, Standing};

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
pub(super) enum Broken {
    /// No aggregate has the category.
    Stream { category: String, events: Vec<String>, moved_to: Option<String> },
    /// The streams of a category cannot be read past this event.
    Event { category: String, name: String, locked: History, elsewhere: Option<String>, newcomers: Vec<Newcomer> },
    /// The event is no longer read under a name that it was stored under.
    Alias { event: String, today: History, alias: String, up_to: u32 },
    /// The newest schema version is below one that was stored.
    Lowered { event: String, today: History, newest: u32, layout: Layout },
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
    /// A type inside payloads has another deep schema.
    Type { name: String, before: Bodies, after: Bodies, used_by: Vec<Use> },
}

/// The deep schemas that go by one name.
pub(super) type Bodies = BTreeSet<Vec<String>>;

/// An event that the lock does not list for its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newcomer {
    pub(super) name: String,
    pub(super) history: History,
}

/// A field through which a type is stored today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) event: String,
    pub(super) newest: u32,
    /// The stored key, or the place in a tuple.
    pub(super) field: String,
    /// The type of the field, with `Old` before each type that is not what it was.
    pub(super) from: String,
    /// The serde attributes that its step needs.
    pub(super) serde: String,
}

/// How `current` differs from `locked`.
pub(super) fn compare(locked: &Contents, current: &Contents) -> Difference {
    let mut difference = Difference::default();
    for (category, events) in &locked.streams {
        difference.stream(category, events, locked, current);
    }
    difference.news(locked, current);
    super::types::compare(locked, current, &mut difference);
    difference
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
        if today.newest() < locked.newest()
            && let Some(layout) = locked.layouts.get(&locked.newest())
        {
            self.broken(Broken::Lowered {
                event: reader.to_owned(),
                today: today.clone(),
                newest: locked.newest(),
                layout: layout.clone(),
            });
        }
        self.layouts(reader, locked, today);
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
        for (version, layout) in &today.layouts {
            match known.layouts.get(version) {
                None => self.add(format!("event `{event}` in schema version {version}")),
                Some(before) if layout.reads(before) && layout.reads_more_than(before) => {
                    self.add(format!("event `{event}` reads more keys in schema version {version}"));
                }
                Some(_) => {}
            }
        }
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
    fn reads(&self, stored: &Self) -> bool {
        match (self, stored) {
            (Self::Named(today), Self::Named(stored)) => {
                today.keyed.len() == stored.keyed.len()
                    && all(today.flattened.iter(), stored.flattened.iter())
                    && stored
                        .keyed
                        .iter()
                        .all(|(key, stored)| today.keyed.get(key).is_some_and(|today| today.reads(stored)))
            }
            (Self::Tuple(today), Self::Tuple(stored)) => all(today.iter(), stored.iter()),
            (Self::Newtype(today), Self::Newtype(stored)) => today.reads(stored),
            (Self::As(today), Self::As(stored)) => plain(today) == plain(stored),
            (Self::Unit, Self::Unit) | (_, Self::NotDescribed) => true,
            _ => false,
        }
    }

    /// Whether this has words that `stored` lacks, when it reads that.
    fn reads_more_than(&self, stored: &Self) -> bool {
        let more = |today: &Entry, stored: &Entry| today.aliases.len() > stored.aliases.len();
        match (self, stored) {
            (Self::Named(today), Self::Named(stored)) => {
                let keyed = today.keyed.iter().filter_map(|(key, today)| Some((today, stored.keyed.get(key)?)));
                keyed.chain(today.flattened.iter().zip(&stored.flattened)).any(|(today, stored)| more(today, stored))
            }
            (Self::Tuple(today), Self::Tuple(stored)) => today.iter().zip(stored).any(|(one, other)| more(one, other)),
            (Self::Newtype(today), Self::Newtype(stored)) => more(today, stored),
            (today, Self::NotDescribed) => *today != Self::NotDescribed,
            _ => false,
        }
    }
}

fn all<'a>(
    mut today: impl ExactSizeIterator<Item = &'a Entry>,
    stored: impl ExactSizeIterator<Item = &'a Entry>,
) -> bool {
    today.len() == stored.len()
        && stored.into_iter().all(|stored| today.next().is_some_and(|today| today.reads(stored)))
}

impl Entry {
    /// Whether what was stored by `stored` is read by this as it was.
    pub(super) fn reads(&self, stored: &Self) -> bool {
        plain(&self.ty) == plain(&stored.ty)
            && self.optional == stored.optional
            && self.with == stored.with
            && stored.aliases.is_subset(&self.aliases)
    }
}

/// `ty` without the paths that lead to the standard library's own types.
fn plain(ty: &str) -> String {
    let mut plain = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, plain: &mut String| {
        let rooted = word.strip_prefix("::").unwrap_or(word);
        let standard = ["std::", "core::", "alloc::"].iter().any(|root| rooted.starts_with(root));
        plain.push_str(if standard { rooted.rsplit("::").next().unwrap_or(rooted) } else { word });
        word.clear();
    };
    for letter in ty.chars() {
        if letter.is_alphanumeric() || matches!(letter, '_' | ':') {
            word.push(letter);
        } else {
            flush(&mut word, &mut plain);
            plain.push(letter);
        }
    }
    flush(&mut word, &mut plain);
    plain
}
