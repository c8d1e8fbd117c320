//! What generated code names. Not part of the public surface.

pub use serde;

pub use crate::{
    Aggregate, Apply, DecodeError, EncodeError, Event, EventSet, IntoEvents, Retired, SchemaVersion,
    decode::json,
    schema::{Alias, Schema},
};
