//! The operations: few streams, few event ids and few keys, so that they collide often.

use std::fmt;

use proptest::{collection::vec, option, prelude::*, strategy::BoxedStrategy};

use crate::model::Model;

/// One operation.
#[derive(Clone)]
pub(crate) enum Operation {
    Append(Request),
    ReadStream { stream: u8, from: u64, backward: bool, limit: usize },
    ReadAll { skip: usize, category: Option<u8>, limit: usize },
}

/// The request of one append.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) parts: Vec<Part>,
    pub(crate) keys: Vec<Key>,
}

/// An idempotency key by its name, with a digest and an outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) name: u8,
    pub(crate) digest: u8,
    pub(crate) outcome: u8,
}

/// The events for one stream; `expected` is an exact version, none, or [`EXISTS`].
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) stream: u8,
    pub(crate) expected: Option<u64>,
    pub(crate) ids: Vec<u8>,
}

/// The number that means `Expected::Exists` in place of an exact version.
pub(crate) const EXISTS: u64 = u64::MAX;

pub(crate) fn append(parts: &[(u8, Option<u64>, &[u8])]) -> Operation {
    keyed(parts, &[])
}

pub(crate) fn keyed(parts: &[(u8, Option<u64>, &[u8])], keys: &[(u8, u8, u8)]) -> Operation {
    let part = |(stream, expected, ids): &(u8, Option<u64>, &[u8])| Part {
        stream: *stream,
        expected: *expected,
        ids: ids.to_vec(),
    };
    let key = |&(name, digest, outcome): &(u8, u8, u8)| Key { name, digest, outcome };
    Operation::Append(Request { parts: parts.iter().map(part).collect(), keys: keys.iter().map(key).collect() })
}

pub(crate) fn read_stream(stream: u8, from: u64, backward: bool, limit: usize) -> Operation {
    Operation::ReadStream { stream, from, backward, limit }
}

pub(crate) fn read_all(skip: usize, category: Option<u8>, limit: usize) -> Operation {
    Operation::ReadAll { skip, category, limit }
}

/// Any operation that makes sense in the state of the model.
pub(crate) fn random(model: &Model) -> BoxedStrategy<Operation> {
    let versions: Vec<u64> = (0..4).map(|stream| model.version(stream)).collect();
    let part = (0..4_u8, 0..8_u8, vec(0..40_u8, 0..4)).prop_map(move |(stream, expected, ids)| {
        let version = versions[usize::from(stream)];
        let expected = match expected {
            0..4 => Some(version),
            4 => Some(version.saturating_sub(1)),
            5 => Some(EXISTS),
            _ => None,
        };
        Part { stream, expected, ids }
    });
    let key = || (0..12_u8, 0..3_u8, 0..3_u8).prop_map(|(name, digest, outcome)| Key { name, digest, outcome });
    let keys = move || prop_oneof![2 => Just(Vec::new()), 1 => vec(key(), 1..3)];
    let appends = (vec(part, 0..4), keys()).prop_map(|(parts, keys)| Operation::Append(Request { parts, keys }));
    // Send an old append again: whole, without its last part, or with other keys.
    let old = model.sent.clone();
    let again = (any::<prop::sample::Index>(), 0..5_u8, keys()).prop_map(move |(index, change, keys)| {
        let mut request = if old.is_empty() { Request::default() } else { index.get(&old).clone() };
        match change {
            0 => drop(request.parts.pop()),
            1 => request.keys = keys,
            2 => request.keys.extend(keys),
            _ => {}
        }
        Operation::Append(request)
    });
    let stream = (0..5_u8, 0..12_u64, any::<bool>(), 0..8_usize)
        .prop_map(|(stream, from, backward, limit)| read_stream(stream, from, backward, limit));
    let all = (0..30_usize, option::of(0..2_u8), 0..12_usize)
        .prop_map(|(skip, category, limit)| read_all(skip, category, limit));
    prop_oneof![5 => appends, 2 => again, 2 => stream, 1 => all].boxed()
}

/// Prints the operation as it is written in a test.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append(Request { parts, keys }) => {
                let part = |Part { stream, expected, ids }: &Part| format!("({stream}, {expected:?}, &{ids:?})");
                let key = |Key { name, digest, outcome }: &Key| format!("({name}, {digest}, {outcome})");
                let parts = parts.iter().map(part).collect::<Vec<_>>().join(", ");
                match keys.iter().map(key).collect::<Vec<_>>().join(", ") {
                    none if none.is_empty() => write!(f, "append(&[{parts}])"),
                    keys => write!(f, "keyed(&[{parts}], &[{keys}])"),
                }
            }
            Self::ReadStream { stream, from, backward, limit } => {
                write!(f, "read_stream({stream}, {from}, {backward}, {limit})")
            }
            Self::ReadAll { skip, category, limit } => write!(f, "read_all({skip}, {category:?}, {limit})"),
        }
    }
}
