//! What `derive(EventSet)` writes calls: the tables of a feed, and the reading of what its aggregates hold.
//!
//! # Layout
//! `detect` (what is an aggregate, an event, an event of an aggregate) · `refusal` (what does not compile) · here the rest
//!
//! Events are told apart by their places among the members, never by name: rustc gives up on comparing some hundred names
//! with each other.

use std::any::Any;

use crate::event::{DecodeError, SchemaVersion, schema::Member};

mod detect;
mod refusal;

pub use detect::{Becomes, Held, Holds, Listed, Named, NotHeld, NotListed, NotNamed, NotRetired};
pub use refusal::{aggregate, assert_held, assert_of, event};

use super::lookup::Names;

/// An aggregate of a feed.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// The category of its streams.
    pub category: &'static str,
    /// What its streams hold.
    pub members: &'static [Member],
    /// Whether it can be judged what it holds; otherwise there is a mistake, which is reported already.
    pub sound: bool,
    /// For each event that the feed lists, where the aggregate holds it.
    pub listed: &'static [Held],
    /// For each of `members`, whether it is or may become an event that the feed lists.
    pub wanted: &'static [bool],
}

/// For each of `members`, whether it is or may become one of `listed`.
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

/// The categories of a feed.
pub const fn categories<const COUNT: usize>(of: &[Of]) -> [&'static str; COUNT] {
    let mut categories = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        categories[at] = of[at].category;
        at += 1;
    }
    categories
}

/// How many names a feed asks for.
pub const fn count_of(of: &[Of]) -> usize {
    filled::<0>(of).1
}

/// The names a feed asks for.
pub const fn names_of<const COUNT: usize>(of: &[Of]) -> [&'static str; COUNT] {
    filled::<COUNT>(of).0
}

/// The first `COUNT` names a feed asks for, and how many there are.
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

/// The event, if what is given is an `E`.
pub fn taken<E: 'static>(given: &mut dyn Any) -> Option<E> {
    given.downcast_mut::<Option<E>>()?.take()
}

/// Reads what is stored in a stream of the aggregate `of`, if the feed wants it: another aggregate's event under the same
/// name is not even decoded.
fn decode_wanted(
    of: &Of,
    name: &str,
    stored: SchemaVersion,
    read: impl FnOnce() -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let member = super::find(of.members, name, stored)?;
    if of.wanted[member] { read() } else { Ok(()) }
}
