//! What `#[project]` calls: keys of rows, results of methods, and the proof that every event of an aggregate is handled.

use crate::{
    projection::{Fault, Row, RowKey},
    store::StreamId,
};

/// What a method of a projection may return.
#[diagnostic::on_unimplemented(
    message = "a method of a projection returns nothing or `Result<(), _>`, and not `{Self}`",
    label = "returns `{Self}`",
    note = "the error of a `Result` implements `std::error::Error + Send + Sync`, or is a text"
)]
pub trait Outcome {
    /// Gives the error, boxed.
    ///
    /// # Errors
    /// That of the method.
    fn outcome(self) -> Result<(), Fault>;
}

impl Outcome for () {
    fn outcome(self) -> Result<(), Fault> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<Fault>> Outcome for Result<(), E> {
    fn outcome(self) -> Result<(), Fault> {
        self.map_err(Into::into)
    }
}

/// Gives the error of a method, boxed.
///
/// # Errors
/// That of the method.
pub fn outcome<O: Outcome>(returned: O) -> Result<(), Fault> {
    returned.outcome()
}

/// Gives `future`, so that rustc reports one that is not `Send` at the method.
pub fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// [`RowKey`] without its supertraits, each of which rustc would report.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of rows",
    label = "not a key",
    note = "a key implements `Clone`, `Ord`, `Display` and `FromStr`, whose error implements `std::error::Error`"
)]
pub trait AsKey {
    /// The key itself.
    type Key: RowKey;
}

#[diagnostic::do_not_recommend]
impl<K: RowKey> AsKey for K {
    type Key = K;
}

/// The keys that a function under `#[key(…)]` may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key `{K}`",
    label = "neither a key, nor an option or a list of keys",
    note = "the function under `#[key(…)]` returns `{K}`, `Option<{K}>`, `Vec<{K}>` or an array of them"
)]
pub trait IntoKeys<K> {
    /// Passes each key to `each`.
    fn into_keys(self, each: &mut dyn FnMut(K));
}

impl<K: RowKey> IntoKeys<K> for K {
    fn into_keys(self, each: &mut dyn FnMut(K)) {
        each(self);
    }
}

#[diagnostic::do_not_recommend]
impl<K> IntoKeys<K> for Option<K> {
    fn into_keys(self, each: &mut dyn FnMut(K)) {
        self.into_iter().for_each(each);
    }
}

#[diagnostic::do_not_recommend]
impl<K> IntoKeys<K> for Vec<K> {
    fn into_keys(self, each: &mut dyn FnMut(K)) {
        self.into_iter().for_each(each);
    }
}

#[diagnostic::do_not_recommend]
impl<K, const N: usize> IntoKeys<K> for [K; N] {
    fn into_keys(self, each: &mut dyn FnMut(K)) {
        self.into_iter().for_each(each);
    }
}

/// Passes the keys of `event` by the function under `#[key(…)]` to `each`.
pub fn keys_by<E, K, R: IntoKeys<K>>(event: &E, keys: impl FnOnce(&E) -> R, each: &mut dyn FnMut(K)) {
    keys(event).into_keys(each);
}

/// Passes the id of `stream`, which is the key of a row `R`, to `each`.
///
/// # Errors
/// It is not a key.
pub fn key_of_stream<R: Row>(stream: &StreamId, each: &mut dyn FnMut(R::Key)) -> Result<(), Fault> {
    each(R::Key::parse(stream.id()).map_err(|source| NotAKey { projection: R::NAME, source })?);
    Ok(())
}

/// The id of a stream is not a key.
#[derive(Debug, thiserror::Error)]
#[error("the id of the stream is not a key of `{projection}`; give the method a key with `#[key(…)]`")]
struct NotAKey {
    projection: &'static str,
    source: Fault,
}

/// An event that the projection `P` handles, or ignores by name.
#[diagnostic::on_unimplemented(
    message = "projection `{P}` does not say what it does with `{Self}`",
    label = "no method takes `{Self}`",
    note = "write a method that takes `{Self}`, or `ignores({Self})`; `of(…)` in place of `every(…)` takes only what the methods take"
)]
pub trait HandledBy<P> {}

/// In the place of an event that a `#[cfg]` leaves out.
impl<P> HandledBy<P> for () {}

/// An aggregate of which the projection `P` handles or ignores every event. `derive(Aggregate)` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate whose events `every(…)` knows",
    label = "not an aggregate with `#[derive(Aggregate)]`",
    note = "write `#[derive(Aggregate, Default)]` and `#[aggregate(category = \"…\", id = …, events(…))]` on `{Self}`",
    note = "for an aggregate that is written by hand write `of({Self})`, which takes the events that the methods take"
)]
pub trait EveryEventHandledBy<P> {}

/// Compiles if `P` handles or ignores every event of `A`.
pub const fn every_event_handled<A: EveryEventHandledBy<P>, P>() {}
