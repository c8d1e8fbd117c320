//! Gives up the locked history of single events.

use super::{
    compare::id_of,
    contents::{Contents, History},
};

/// Replaces the events `names` in `locked` by those in `current`; all others stay as they are.
pub(super) fn overwrite(locked: &mut Contents, current: &Contents, names: &[String]) {
    for name in names {
        let today = current.events.get(name);
        let is_read_as = |event: &str| event == name || today.is_some_and(|today| today.aliases.contains_key(event));
        // Its former names are replaced with it.
        locked.events.retain(|event, _| !is_read_as(event));
        for (category, events) in &mut locked.streams {
            events.retain(|event, _| !is_read_as(event));
            if let Some(standing) = current.streams.get(category).and_then(|events| events.get(name)) {
                events.insert(name.clone(), *standing);
            }
        }
        if let Some(history) = today {
            locked.events.insert(name.clone(), History::clone(history));
        }
        for (category, id) in current.ids.iter().filter(|(category, _)| id_of(category) == *name) {
            locked.ids.insert(category.clone(), id.clone());
        }
    }
    locked.streams.retain(|category, events| !events.is_empty() || current.streams.contains_key(category));
    locked.ids.retain(|category, _| locked.streams.contains_key(category));
    locked.events.retain(|event, _| locked.streams.values().any(|events| events.contains_key(event)));
}
