//! The event set: an enum over events.

use crate::{DecodeError, EncodeError, SchemaVersion, schema::Member};

/// An enum over events: what an aggregate's stream or a projection's feed can hold.
///
/// [`derive(Aggregate)`](macro@crate::Aggregate) writes one for the aggregate; for a feed over several aggregates see
/// [`derive(EventSet)`](macro@crate::EventSet).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "not a set of events",
    note = "write `#[derive(EventSet)]` on an enum with one variant for each event"
)]
pub trait EventSet: Send + Sync + Sized + 'static {
    /// The stored names it can decode, with aliases and retired names.
    const NAMES: &'static [&'static str];

    /// The events it can read, with every shape they ever had.
    const MEMBERS: &'static [Member];

    /// The stored name of this event.
    fn name(&self) -> &'static str;

    /// The schema version this event is written with.
    fn schema_version(&self) -> SchemaVersion;

    /// Appends this event's payload to `out`, as JSON.
    ///
    /// # Errors
    /// [`EncodeError`] when the value cannot be stored.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Reads a stored payload and hands each event it stands for to `each`: one, or for a
    /// retired event none or many.
    ///
    /// # Errors
    /// [`DecodeError`]: the name is not of this set, the schema version is newer than this program
    /// knows, or the payload does not fit.
    fn decode(
        name: &str,
        schema_version: SchemaVersion,
        payload: &[u8],
        each: impl FnMut(Self),
    ) -> Result<(), DecodeError>;
}
