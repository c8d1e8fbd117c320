//! The compile errors of a feed, each at the token that is wrong.

use super::{Held, Of};
use crate::{
    __private::{AsEvent, refuse::refuse, same_text},
    aggregate::Aggregate,
};

/// Compiles if `A` is an aggregate.
pub const fn aggregate<A: Aggregate>() {}

/// Compiles if `E` is an event.
pub const fn event<E: AsEvent>() {}

/// What lists the events of a feed.
#[derive(Clone, Copy, Debug)]
pub enum Lists {
    /// The variants of an enum.
    Variants,
    /// The methods of a projection.
    Methods,
}

/// Fails to compile if no aggregate in `of` holds the event at index `event`, or it is listed twice. `name` is its stored
/// name; `types` are the events and `aggregates` those in `of`, as written in the source.
///
/// # Panics
/// At compile time.
#[track_caller]
pub const fn assert_held(
    event: usize,
    name: Option<&str>,
    types: &[&str],
    aggregates: &[&str],
    of: &[Of],
    lists: Lists,
) {
    let Some(name) = name else { return };
    if !without_mistake(of) {
        return;
    }
    let mut is_held = false;
    let mut at = 0;
    while at < of.len() {
        match of[at].listed[event] {
            Held::At(member) => {
                is_held = true;
                if let Some(before) = listed_before(event, member, of[at].listed) {
                    let (before, event) = (types[before], types[event]);
                    let two = match lists {
                        Lists::Variants => "variants",
                        Lists::Methods => "methods",
                    };
                    refuse!("`", before, "` and `", event, "` are the same event; keep one of the two ", two);
                }
            }
            Held::Somewhere => refuse!(
                "`impl IntoEvents<",
                aggregates[at],
                "> for ",
                types[event],
                "` does not say which event it is; add `const MAY: May = May::Event(…)` with its place in `MEMBERS`",
            ),
            Held::No => {}
        }
        at += 1;
    }
    if is_held {
        return;
    }
    let event = types[event];
    if let Some(at) = retired_in(of, name) {
        let list = match lists {
            Lists::Variants => "list",
            Lists::Methods => "write methods for",
        };
        refuse!(
            "`",
            event,
            "` is retired in `",
            aggregates[at],
            "`; ",
            list,
            " the events it became, and they come here"
        );
    }
    if of.len() == 1 {
        let aggregate = aggregates[0];
        refuse!(
            "`",
            event,
            "` is not an event of `",
            aggregate,
            "`; name its aggregate in `of(…)`, or list it in `#[aggregate(events(…))]` of `",
            aggregate,
            "`",
        );
    }
    refuse!("`", event, "` is not an event of any aggregate in `of(…)`; name the one that holds it there");
}

/// Fails to compile if the ignored `event`, stored as `name`, is not an event of one of the aggregates, each of which tells whether
/// it is declared without a mistake, and whether it holds the event.
///
/// # Panics
/// At compile time.
#[track_caller]
pub const fn assert_ignored(event: &str, name: Option<&str>, aggregates: &[(bool, Held)]) {
    let mut at = 0;
    while at < aggregates.len() {
        if let (false, _) | (true, Held::At(_) | Held::Somewhere) = aggregates[at] {
            return;
        }
        at += 1;
    }
    if name.is_some() {
        refuse!("`", event, "` is not an event of an aggregate in `every(…)`; leave it out of `ignores(…)`");
    }
}

/// Fails to compile if an aggregate before the one at index `at` has the same category.
///
/// # Panics
/// At compile time.
#[track_caller]
pub const fn assert_own_category(at: usize, aggregates: &[&str], of: &[Of]) {
    let mut before = 0;
    while before < at && without_mistake(of) {
        if same_text(of[before].category, of[at].category) {
            let (before, category) = (aggregates[before], of[at].category);
            refuse!("`", before, "` and `", aggregates[at], "` share the category `", category, "`; keep one of them");
        }
        before += 1;
    }
}

/// Fails to compile if no event of the aggregate at index `at` is listed.
///
/// # Panics
/// At compile time.
#[track_caller]
pub const fn assert_of(at: usize, aggregates: &[&str], of: &[Of], lists: Lists) {
    if !without_mistake(of) {
        return;
    }
    let mut before = 0;
    while before < at {
        if same_text(of[before].category, of[at].category) {
            return; // That is reported already.
        }
        before += 1;
    }
    let (mut gives, mut event) = (false, 0);
    while event < of[at].listed.len() {
        gives |= !matches!(of[at].listed[event], Held::No);
        if !is_held(event, of) {
            return; // That no aggregate holds it is reported already, and it may belong to this one.
        }
        event += 1;
    }
    if !gives {
        let aggregate = aggregates[at];
        match lists {
            Lists::Variants => refuse!(
                "no event of `",
                aggregate,
                "` is listed; leave it out of `of(…)`, or add a variant for one of its events"
            ),
            Lists::Methods => refuse!(
                "no method takes an event of `",
                aggregate,
                "`; leave it out of `of(…)`, or add a method for one of its events"
            ),
        }
    }
}

const fn is_held(event: usize, of: &[Of]) -> bool {
    let mut at = 0;
    while at < of.len() {
        if !matches!(of[at].listed[event], Held::No) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether no aggregate has a mistake. If one has, it is reported already.
const fn without_mistake(of: &[Of]) -> bool {
    let mut at = 0;
    while at < of.len() {
        if !of[at].without_mistake {
            return false;
        }
        at += 1;
    }
    true
}

/// The event that is listed before `event` as the same `member`.
const fn listed_before(event: usize, member: usize, listed: &[Held]) -> Option<usize> {
    let mut before = 0;
    while before < event {
        if let Held::At(other) = listed[before]
            && other == member
        {
            return Some(before);
        }
        before += 1;
    }
    None
}

/// The aggregate that retired the event stored under `name`.
const fn retired_in(of: &[Of], name: &str) -> Option<usize> {
    let mut at = 0;
    while at < of.len() {
        let mut member = 0;
        while member < of[at].members.len() {
            if of[at].members[member].retired && same_text(of[at].members[member].schema.name, name) {
                return Some(at);
            }
            member += 1;
        }
        at += 1;
    }
    None
}
