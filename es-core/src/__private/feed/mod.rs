//! Functions that `derive(EventSet)` calls: the tables of a feed, and the decoding of its aggregates' events.
//!
//! # Layout
//! `detect` (whether a type is an aggregate, an event, an event of an aggregate) · `refusal` (the compile errors) · here the rest
//!
//! Events are compared by their indexes among the members, never by name: rustc refuses to compare some hundreds of names
//! pairwise at compile time.

use std::any::Any;

use super::lookup::Names;
use crate::event::{DecodeError, SchemaVersion, schema::Member};

mod detect;
mod refusal;

pub use detect::{Becomes, Held, Holds, Listed, Named, NotHeld, NotListed, NotNamed, NotRetired};
pub use refusal::{Lists, aggregate, assert_held, assert_ignored, assert_of, assert_own_category, event};

/// An aggregate of a feed.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// The category of its streams.
    pub category: &'static str,
    /// Whether the feed handles or ignores every event of it, so that one that is not known matters.
    pub every: bool,
    /// The events that its streams hold.
    pub members: &'static [Member],
    /// Whether its declaration has no mistake. If it has one, that is reported already, and nothing else is checked.
    pub without_mistake: bool,
    /// For each event that the feed lists, whether the aggregate holds it.
    pub listed: &'static [Held],
    /// For each of `members`, whether the feed lists it or it may become an event that the feed lists.
    pub wanted: &'static [bool],
}

/// Tells for each of `members` whether it is or may become one of `listed`.
pub const fn wanted<const MEMBERS: usize>(members: &[Member], listed: &[Held]) -> [bool; MEMBERS] {
    let mut own = [false; MEMBERS];
    let mut event = 0;
    while event < listed.len() {
        if let Held::At(member) = listed[event] {
            own[member] = true;
        }
        event += 1;
    }
    let mut wanted = own;
    let mut member = 0;
    while member < MEMBERS {
        wanted[member] = own[member] || members[member].becomes.meets(&own);
        member += 1;
    }
    wanted
}

/// Gives the categories of a feed.
pub const fn categories<const COUNT: usize>(of: &[Of]) -> [&'static str; COUNT] {
    let mut categories = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        categories[at] = of[at].category;
        at += 1;
    }
    categories
}

/// Counts the aggregates of which a feed has every event.
pub const fn count_every(of: &[Of]) -> usize {
    let (mut count, mut at) = (0, 0);
    while at < of.len() {
        count += of[at].every as usize;
        at += 1;
    }
    count
}

/// Gives the categories of which a feed has every event.
pub const fn every<const COUNT: usize>(of: &[Of]) -> [&'static str; COUNT] {
    let (mut every, mut filled, mut at) = ([""; COUNT], 0, 0);
    while at < of.len() {
        if of[at].every {
            every[filled] = of[at].category;
            filled += 1;
        }
        at += 1;
    }
    every
}

/// Whether a feed wants an event of `category` under `name`.
pub fn wants(of: &[Of], category: &str, name: &str) -> bool {
    let Some(of) = of.iter().find(|of| of.category == category) else { return false };
    // Under one name there is one event of an aggregate, whatever its schema version.
    match super::find(of.members, name, SchemaVersion::FIRST) {
        Ok(member) => of.wanted[member],
        Err(_) => of.every,
    }
}

/// Counts the names that a feed reads.
pub const fn count_of(of: &[Of]) -> usize {
    filled::<0>(of).1
}

/// Gives the names that a feed reads.
pub const fn names_of<const COUNT: usize>(of: &[Of]) -> [&'static str; COUNT] {
    filled::<COUNT>(of).0
}

/// Gives the first `COUNT` names that a feed reads, and their number.
const fn filled<const COUNT: usize>(of: &[Of]) -> ([&'static str; COUNT], usize) {
    let (mut all, mut filled, mut at) = ([""; COUNT], 0, 0);
    while at < of.len() {
        let mut member = 0;
        while member < of[at].members.len() {
            if of[at].wanted[member] {
                let mut names = Names::of(of[at].members[member].schema);
                while let Some(name) = names.next() {
                    if filled < COUNT {
                        all[filled] = name.text;
                    }
                    filled += 1;
                }
            }
            member += 1;
        }
        at += 1;
    }
    (all, filled)
}

/// Takes the event out of `given`, if it is an `E`.
pub fn taken<E: 'static>(given: &mut dyn Any) -> Option<E> {
    given.downcast_mut::<Option<E>>()?.take()
}

/// Decodes an event of the aggregate `of` by `read` if the feed wants it. Other events are not decoded.
fn decode_wanted(
    of: &Of,
    name: &str,
    stored: SchemaVersion,
    read: impl FnOnce() -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let member = super::find(of.members, name, stored)?;
    if of.wanted[member] { read() } else { Ok(()) }
}
