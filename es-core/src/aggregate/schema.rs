//! Re-exports for the crate `es-schema`: the descriptions of stored events (`event/schema`), and sets of aggregates.

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
