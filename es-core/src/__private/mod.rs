//! The items that generated code names. Not part of the public surface.

mod dispatch;
mod feed;
mod field_type;
mod lookup;
mod name_clash;
mod project;
mod refuse;
mod reminder;
mod serialize;
mod upcast;

#[cfg(feature = "derive")]
pub use es_derive::EventSet;
pub use serde;

pub use self::{
    dispatch::{AnyEvent, AppliedBy, ApplyTo, AsEvent, EventsOf, Initial, OwnEvents, initial, retire},
    feed::{
        Becomes, Held, Holds, Listed, Lists, Named, NotHeld, NotListed, NotNamed, NotRetired, Of, aggregate,
        assert_held, assert_ignored, assert_of, assert_own_category, categories, count_every, count_of, event, every,
        names_of, taken, wanted, wants,
    },
    field_type::{AnyType, FieldType},
    lookup::{count, find, names},
    name_clash::{NameClash, assert_no_clash, name_clashes, slots},
    project::{
        AsKey, EveryEventHandledBy, HandledBy, IntoKeys, Outcome, every_event_handled, key_of_stream, keys_by, outcome,
        sendable,
    },
    reminder::{lacks, remind_of_lock},
    serialize::serialize,
    upcast::{Given, GivenBy, MadeFrom, demand, newer, newest, same_text, step, upcast},
};
pub use crate::{
    aggregate::{
        Aggregate, Apply, IntoEvents, Retired,
        into_events::{CannotFail, MayFail, OrEventsNew, write},
    },
    event::{
        AggregateEvent, DecodeError, EncodeError, Event, EventSet, May, SchemaVersion,
        decode::shape,
        decode_single,
        schema::{
            Alias, Field, Form, IdProbe, IdSchema, Member, NotParsed, NotRead, Presence, Probe, Schema, Shape,
            WithoutJsonSchema,
        },
    },
    projection::{EventBatch, Fault, Follower, Projection, Row, View},
    store::Recorded,
};

#[cfg(feature = "schema")]
pub use crate::event::schema::{Probed, trace::follow};

#[doc(hidden)]
pub use crate::__es_see_read_by as see_read_by;

/// Passes what a user's function asks for to `$see`. Without the feature `schema` it expands to nothing.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __es_see_read_by {
    ($see:ident, $text:literal, $read:expr) => {
        $see(
            $text,
            ::core::option::Option::Some($crate::__private::Probed::read_by(|path| {
                $crate::__private::follow(path, |tracer| $read(tracer))
            })),
        );
    };
}

#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __es_see_read_by {
    ($see:ident, $text:literal, $read:expr) => {};
}

/// The schema version `number`, for constants.
///
/// # Panics
/// At compile time, for 0, which the macros refuse before.
pub const fn schema_version(number: u32) -> SchemaVersion {
    SchemaVersion::new(number).expect("schema versions start at 1")
}
