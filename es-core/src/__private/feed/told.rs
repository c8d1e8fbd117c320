//! What is an aggregate, an event, an event of an aggregate, a retired one: told while compiling, without a bound.
//!
//! An inherent item wins where its bounds hold; where they do not, the trait's of the same name stands in. So the one place
//! that asks for the bound is the only one where rustc speaks. It works where the types are concrete, as they are in what
//! a derive writes; in a generic function the answer would always be no.

use std::{any::Any, marker::PhantomData};

use serde::Serializer;

use super::{Of, hear};
use crate::{
    __private::{AsEvent, dispatch::may, same_text, serialize},
    aggregate::{Aggregate, IntoEvents, Retired},
    event::{AggregateEvent, DecodeError, EventSet, May, SchemaVersion, schema::Member},
};

/// A type that is named as an aggregate.
#[derive(Debug)]
pub struct Named<A>(PhantomData<A>);

impl<A: Aggregate> Named<A> {
    /// The category.
    pub const CATEGORY: &'static str = A::CATEGORY;
    /// What its streams hold.
    pub const MEMBERS: &'static [Member] = A::Event::MEMBERS;
    /// Whether it is declared without a mistake.
    pub const SOUND: bool = !A::Event::INCOMPLETE;

    /// Reads what is stored in a stream of `A` and lends the events it stands for to `take`.
    ///
    /// # Errors
    /// [`DecodeError`], as the aggregate itself reads it.
    pub fn hear(
        of: &Of,
        name: &str,
        stored: SchemaVersion,
        payload: &[u8],
        take: &mut dyn FnMut(&mut dyn Any),
    ) -> Result<(), DecodeError> {
        hear(of, name, stored, || A::Event::decode(A::CATEGORY, name, stored, payload, |event| event.give(take)))
    }
}

/// Stands in for [`Named`] where it is no aggregate.
pub trait NotNamed {
    /// None.
    const CATEGORY: &'static str = "";
    /// None.
    const MEMBERS: &'static [Member] = &[];
    /// It is not.
    const SOUND: bool = false;

    /// Never called, since nothing that names it compiles.
    ///
    /// # Errors
    /// [`DecodeError::UnknownName`].
    fn hear(_: &Of, _: &str, _: SchemaVersion, _: &[u8], _: &mut dyn FnMut(&mut dyn Any)) -> Result<(), DecodeError> {
        Err(DecodeError::UnknownName)
    }
}

impl<A> NotNamed for Named<A> {}

/// A type that is listed as an event.
#[derive(Debug)]
pub struct Listed<E>(PhantomData<E>);

impl<E: AsEvent> Listed<E> {
    /// The name it is stored under.
    pub const NAME: Option<&'static str> = Some(E::NAME);

    /// Serialises the event by its name, its schema version and its payload.
    ///
    /// # Errors
    /// The serializer's; and when the event cannot be stored.
    pub fn serialize<S: Serializer>(event: &E, serializer: S) -> Result<S::Ok, S::Error> {
        serialize::listed(event, serializer)
    }
}

/// Stands in for [`Listed`] where it is no event.
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
    /// It does, at this place among its members.
    At(usize),
    /// It says that it does, by an `IntoEvents` written by hand, which does not say at which place.
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

/// Stands in for [`Holds`] where it does not.
pub trait NotHeld {
    /// The answer.
    const HELD: Held = Held::No;
}

impl<A, E> NotHeld for Holds<A, E> {}

/// What `E` may become in the aggregate `A`, where it is retired.
#[derive(Debug)]
pub struct Becomes<E, A>(PhantomData<(E, A)>);

impl<A: Aggregate, E: Retired<A>> Becomes<E, A> {
    /// The answer.
    pub const MAY: May = may::<E, _, A>(<E as Retired<A>>::successors);
}

/// Stands in for [`Becomes`] where `E` does not say what it becomes, which is reported where it is retired.
pub trait NotRetired {
    /// The answer.
    const MAY: May = May::All;
}

impl<A, E> NotRetired for Becomes<E, A> {}

const fn is<E: AsEvent>(member: &Member) -> bool {
    !member.retired && same_text(member.schema.name, E::NAME)
}
