//! Detects at compile time, without a bound, whether a type is an aggregate, an event, an event of an aggregate, or retired.
//!
//! An inherent item takes precedence where its bounds hold; otherwise the trait's item of the same name is used. So rustc
//! reports a missing bound once, at the one place that requires it. This works only for concrete types, which derives name;
//! in a generic function the answer would always be no.

use std::{any::Any, marker::PhantomData};

use serde::Serializer;

use super::{Of, decode_wanted};
use crate::{
    __private::{AsEvent, dispatch::may, same_text, serialize},
    aggregate::{Aggregate, IntoEvents, Retired},
    event::{AggregateEvent, DecodeError, EventSet, May, SchemaVersion, schema::Member},
};

/// A type that the user named as an aggregate.
#[derive(Debug)]
pub struct Named<A>(PhantomData<A>);

impl<A: Aggregate> Named<A> {
    /// The category.
    pub const CATEGORY: &'static str = A::CATEGORY;
    /// The events that its streams hold.
    pub const MEMBERS: &'static [Member] = A::Event::MEMBERS;
    /// Whether it is declared without a mistake.
    pub const WITHOUT_MISTAKE: bool = !A::Event::INCOMPLETE;

    /// Decodes an event of a stream of `A`, and passes the events that it became to `take`.
    ///
    /// # Errors
    /// [`DecodeError`], as the aggregate itself decodes it.
    pub fn decode(
        of: &Of,
        name: &str,
        stored: SchemaVersion,
        payload: &[u8],
        take: &mut dyn FnMut(&mut dyn Any),
    ) -> Result<(), DecodeError> {
        decode_wanted(of, name, stored, || {
            A::Event::decode(A::CATEGORY, name, stored, payload, |event| event.give(take))
        })
    }
}

/// The fallback of [`Named`] for a type that is not an aggregate.
pub trait NotNamed {
    /// None.
    const CATEGORY: &'static str = "";
    /// None.
    const MEMBERS: &'static [Member] = &[];
    /// It is not.
    const WITHOUT_MISTAKE: bool = false;

    /// Never called, since a feed of such a type does not compile.
    ///
    /// # Errors
    /// [`DecodeError::UnknownName`].
    fn decode(_: &Of, _: &str, _: SchemaVersion, _: &[u8], _: &mut dyn FnMut(&mut dyn Any)) -> Result<(), DecodeError> {
        Err(DecodeError::UnknownName)
    }
}

impl<A> NotNamed for Named<A> {}

/// A type that the user listed as an event.
#[derive(Debug)]
pub struct Listed<E>(PhantomData<E>);

impl<E: AsEvent> Listed<E> {
    /// The name it is stored under.
    pub const NAME: Option<&'static str> = Some(E::NAME);

    /// Serialises the event by its name, its schema version and its payload.
    ///
    /// # Errors
    /// The serializer's; and when the payload cannot be encoded.
    pub fn serialize<S: Serializer>(event: &E, serializer: S) -> Result<S::Ok, S::Error> {
        serialize::serialize_listed(event, serializer)
    }
}

/// The fallback of [`Listed`] for a type that is not an event.
pub trait NotListed {
    /// None.
    const NAME: Option<&'static str> = None;

    /// Never called, since nothing that names it compiles.
    ///
    /// # Errors
    /// The serializer's.
    fn serialize<T, S: Serializer>(_: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<E> NotListed for Listed<E> {}

/// Whether an aggregate holds an event.
#[derive(Clone, Copy, Debug)]
pub enum Held {
    /// It does, at this index among its members.
    At(usize),
    /// It does by an `IntoEvents` that is written by hand, which does not tell the index.
    Somewhere,
    /// It does not.
    No,
}

/// Whether `A` holds `E`.
#[derive(Debug)]
pub struct Holds<A, E>(PhantomData<(A, E)>);

impl<A: Aggregate, E: AsEvent + IntoEvents<A>> Holds<A, E> {
    /// The answer.
    pub const HELD: Held = match <E as IntoEvents<A>>::MAY {
        May::Event(at) if at < A::Event::MEMBERS.len() && is::<E>(&A::Event::MEMBERS[at]) => Held::At(at),
        _ => Held::Somewhere,
    };
}

/// The fallback of [`Holds`] for an event that the aggregate does not hold.
pub trait NotHeld {
    /// The answer.
    const HELD: Held = Held::No;
}

impl<A, E> NotHeld for Holds<A, E> {}

/// Which events `E`, retired in the aggregate `A`, may become.
#[derive(Debug)]
pub struct Becomes<E, A>(PhantomData<(E, A)>);

impl<A: Aggregate, E: Retired<A>> Becomes<E, A> {
    /// The answer.
    pub const MAY: May = may::<E, _, A>(<E as Retired<A>>::successors);
}

/// The fallback of [`Becomes`] for an event without [`Retired`], which is reported where it is listed as retired.
pub trait NotRetired {
    /// The answer.
    const MAY: May = May::All;
}

impl<A, E> NotRetired for Becomes<E, A> {}

const fn is<E: AsEvent>(member: &Member) -> bool {
    !member.retired && same_text(member.schema.name, E::NAME)
}
