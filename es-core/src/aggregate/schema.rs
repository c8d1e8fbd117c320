//! Describes the stored shapes of events as `derive(Event)` knows them: schema versions, aliases and fields. The lock, a
//! test-time tool in the crate `es-schema`, compares a program with a committed description.

pub use crate::aggregate::aggregates::{Aggregates, VisitAggregate};
#[cfg(feature = "schema")]
#[doc(no_inline)]
pub use crate::event::schema::schemars;
#[cfg(feature = "schema")]
#[doc(hidden)]
pub use crate::event::schema::trace;
pub use crate::event::schema::{
    Alias, Field, Form, ID_SAMPLES, IdSchema, Member, Presence, Probed, Schema, SchemaVersion, Shape,
};
#[doc(hidden)]
pub use crate::event::schema::{IdProbe, NotParsed, NotRead, Probe, WithoutJsonSchema};
