//! Looks up the event of a set by its stored name or an alias.

use crate::event::{
    DecodeError, SchemaVersion,
    schema::{Member, Schema},
};

/// Finds the index of the member that is stored under `name`.
///
/// # Errors
/// [`DecodeError::UnknownName`], and [`DecodeError::Newer`] when `name` is an alias that ended before `stored`.
pub fn find(members: &[Member], name: &str, stored: SchemaVersion) -> Result<usize, DecodeError> {
    if let Some(found) = members.iter().position(|member| member.schema.name == name) {
        return Ok(found);
    }
    for (index, member) in members.iter().enumerate() {
        let mut names = Names::of(member.schema);
        while let Some(found) = names.next() {
            if found.text == name {
                return match found.up_to {
                    Some(known) if stored > known => Err(DecodeError::Newer { known }),
                    _ => Ok(index),
                };
            }
        }
    }
    Err(DecodeError::UnknownName)
}

/// Counts the names of `members`, aliases included.
pub const fn count(members: &[Member]) -> usize {
    let (mut count, mut member) = (0, 0);
    while member < members.len() {
        let mut names = Names::of(members[member].schema);
        while names.next().is_some() {
            count += 1;
        }
        member += 1;
    }
    count
}

/// Gives the names of `members`, aliases included.
pub const fn names<const N: usize>(members: &[Member]) -> [&'static str; N] {
    let mut all = [""; N];
    let (mut filled, mut member) = (0, 0);
    while member < members.len() {
        let mut names = Names::of(members[member].schema);
        while let Some(name) = names.next() {
            all[filled] = name.text;
            filled += 1;
        }
        member += 1;
    }
    all
}

/// A name that an event is stored under.
pub(super) struct Name {
    pub(super) text: &'static str,
    /// For an alias: the last schema version that was stored under it.
    up_to: Option<SchemaVersion>,
}

/// Iterates over the names of one event: its own, its aliases, and those of its `previous` types.
pub(super) struct Names {
    schema: &'static Schema,
    /// 0 for the name, then the aliases.
    next: usize,
}

impl Names {
    pub(super) const fn of(schema: &'static Schema) -> Self {
        Self { schema, next: 0 }
    }

    pub(super) const fn next(&mut self) -> Option<Name> {
        if self.next == 0 {
            self.next = 1;
            return Some(Name { text: self.schema.name, up_to: None });
        }
        while self.next > self.schema.aliases.len() {
            let Some(previous) = self.schema.previous else { return None };
            *self = Self { schema: previous, next: 1 }; // Its own name is the same.
        }
        let alias = &self.schema.aliases[self.next - 1];
        self.next += 1;
        Some(Name { text: alias.name, up_to: Some(alias.up_to) })
    }
}
