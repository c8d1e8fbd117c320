//! What generated code names. Not part of the public surface.

mod dispatch;
mod field_type;
mod lift;
mod listed;
mod reminder;
mod shared;

pub use serde;

pub use self::{
    dispatch::{AppliedBy, AsEvent, EventOf, Initial, apply_to, initial, retire},
    field_type::{AnyType, FieldType},
    lift::{Given, GivenBy, MadeFrom, demand, newer, newest, same_text, step, upcast},
    listed::{count, find, names},
    reminder::remind_of_lock,
    shared::{Shared, assert_own_names, shared, slots},
};
pub use crate::{
    Aggregate, Apply, DecodeError, EncodeError, Event, EventSet, HasEvents, IntoEvents, Retired, SchemaVersion,
    decode::shape,
    event::decode_single,
    into_events::{CannotFail, MayFail},
    schema::{Alias, Field, Form, Member, Presence, Probe, Schema, Shape, WithoutJsonSchema},
};

/// The schema version `number`, for constants.
///
/// # Panics
/// While compiling, for 0, which the macros refuse before.
pub const fn schema_version(number: u32) -> SchemaVersion {
    SchemaVersion::new(number).expect("schema versions start at 1")
}
