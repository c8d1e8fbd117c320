//! Finds what the program reads and the lock does not contain yet.

use super::{Difference, is_kept_by};
use crate::lock::contents::{Contents, Entry, History, Layout, Standing};

impl Difference {
    pub(super) fn news(&mut self, locked: &Contents, current: &Contents) {
        for (category, events) in &current.streams {
            let known = locked.streams.get(category);
            if known.is_none() {
                self.add_news(format!("stream `{category}`"));
            }
            for (event, standing) in events {
                match (known.and_then(|known| known.get(event)), standing) {
                    (None, _) => self.add_news(format!("event `{event}` of stream `{category}`")),
                    (Some(Standing::Written), Standing::Retired) => {
                        self.add_news(format!("event `{event}` of stream `{category}` is retired"));
                    }
                    (Some(Standing::Retired), Standing::Written) => {
                        self.add_news(format!("event `{event}` of stream `{category}` is written again"));
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
                self.add_news(format!("event `{event}` was stored as `{alias}` up to {up_to}"));
            }
        }
        let newest = known.newest();
        if known.words(newest) != today.words(newest) && is_kept_by(&known.words(newest), &today.words(newest)) {
            self.add_news(format!("event `{event}` refuses no key that it does not know"));
        }
        for (version, layout) in &today.layouts {
            match known.layouts.get(version) {
                None => self.add_news(format!("event `{event}` in schema version {version}")),
                Some(Layout::NotDescribed) if *layout != Layout::NotDescribed => {
                    self.add_news(format!("event `{event}` describes schema version {version}"));
                }
                Some(before) if layout.reads(before) => {
                    for (key, name) in layout.renamed(before) {
                        self.add_news(format!(
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

    /// Adds the news about a field that reads every stored value, and possibly more.
    fn news_of_field(&mut self, event: &str, version: u32, field: &str, today: &Entry, stored: &Entry) {
        if today.aliases.len() > stored.aliases.len() {
            self.add_news(format!("event `{event}` reads more keys in schema version {version}"));
        }
        if today.optional && !stored.optional {
            self.add_news(format!("`{field}` of event `{event}` may be absent in schema version {version}"));
        }
        if today.is_same_type(stored) {
            return;
        }
        let what = format!("`{field}` of event `{event}` in schema version {version}");
        match (today.is_seen(), stored.is_seen()) {
            (true, false) if today.is_written_as(stored) => self.add_news(format!("what is inside {what}")),
            _ if today.is_read_before(stored) => self.add_news(format!("{what} reads more than before")),
            _ => self.add_news(format!(
                "{what} reads and writes more than before: the release before cannot read all that is written now"
            )),
        }
    }
}
