//! The events listed in a set: which of them a stored name stands for, and that no two share one.

use crate::{DecodeError, SchemaVersion, schema::Schema};

/// Which of `events` is stored under `name`.
///
/// # Errors
/// [`DecodeError::UnknownName`], and [`DecodeError::Newer`] when `name` is an alias that ended before `stored`.
pub fn find(events: &[&Schema], name: &str, stored: SchemaVersion) -> Result<usize, DecodeError> {
    if let Some(found) = events.iter().position(|event| event.name == name) {
        return Ok(found);
    }
    for (index, event) in events.iter().enumerate() {
        if let Some(alias) = event.aliases.iter().find(|alias| alias.name == name) {
            let ended = stored > alias.up_to;
            return if ended { Err(DecodeError::Newer { known: alias.up_to }) } else { Ok(index) };
        }
    }
    Err(DecodeError::UnknownName)
}

/// How many names `events` are stored under, with aliases.
pub const fn count(events: &[&Schema]) -> usize {
    let mut count = events.len();
    let mut event = 0;
    while event < events.len() {
        count += events[event].aliases.len();
        event += 1;
    }
    count
}

/// The names `events` are stored under, with aliases.
pub const fn names<const N: usize>(events: &[&Schema]) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut filled, mut event) = (0, 0);
    while event < events.len() {
        names[filled] = events[event].name;
        filled += 1;
        let aliases = events[event].aliases;
        let mut alias = 0;
        while alias < aliases.len() {
            names[filled] = aliases[alias].name;
            filled += 1;
            alias += 1;
        }
        event += 1;
    }
    names
}
