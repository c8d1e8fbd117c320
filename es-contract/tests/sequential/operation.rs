//! The operations: few streams and few event ids, so that they meet.

use std::fmt;

use proptest::{collection::vec, option, prelude::*, strategy::BoxedStrategy};

use crate::model::Model;

/// What is done.
#[derive(Clone)]
pub(crate) enum Operation {
    Append(Vec<Part>),
    ReadStream { stream: u8, from: u64, backward: bool, limit: usize },
    ReadAll { skip: usize, category: Option<u8>, limit: usize },
}

/// What is appended to one stream; `expected` is an exact version, or nothing, or with [`EXISTS`] that it exists.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) stream: u8,
    pub(crate) expected: Option<u64>,
    pub(crate) ids: Vec<u8>,
}

/// Stands for `Expected::Exists` where an exact version would stand.
pub(crate) const EXISTS: u64 = u64::MAX;

pub(crate) fn append(parts: &[(u8, Option<u64>, &[u8])]) -> Operation {
    let part = |(stream, expected, ids): &(u8, Option<u64>, &[u8])| Part {
        stream: *stream,
        expected: *expected,
        ids: ids.to_vec(),
    };
    Operation::Append(parts.iter().map(part).collect())
}

pub(crate) fn read_stream(stream: u8, from: u64, backward: bool, limit: usize) -> Operation {
    Operation::ReadStream { stream, from, backward, limit }
}

pub(crate) fn read_all(skip: usize, category: Option<u8>, limit: usize) -> Operation {
    Operation::ReadAll { skip, category, limit }
}

/// Any operation that makes sense after what the model holds.
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
    let appends = vec(part, 0..4).prop_map(Operation::Append);
    // Old appends once more, whole or without their last part.
    let old = model.sent.clone();
    let again = (any::<prop::sample::Index>(), any::<bool>()).prop_map(move |(index, whole)| {
        let mut parts = if old.is_empty() { Vec::new() } else { index.get(&old).clone() };
        if !whole {
            parts.pop();
        }
        Operation::Append(parts)
    });
    let stream = (0..5_u8, 0..12_u64, any::<bool>(), 0..8_usize)
        .prop_map(|(stream, from, backward, limit)| read_stream(stream, from, backward, limit));
    let all = (0..30_usize, option::of(0..2_u8), 0..12_usize)
        .prop_map(|(skip, category, limit)| read_all(skip, category, limit));
    prop_oneof![5 => appends, 2 => again, 2 => stream, 1 => all].boxed()
}

/// As it is written in a test.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append(parts) => {
                let part = |Part { stream, expected, ids }: &Part| format!("({stream}, {expected:?}, &{ids:?})");
                write!(f, "append(&[{}])", parts.iter().map(part).collect::<Vec<_>>().join(", "))
            }
            Self::ReadStream { stream, from, backward, limit } => {
                write!(f, "read_stream({stream}, {from}, {backward}, {limit})")
            }
            Self::ReadAll { skip, category, limit } => write!(f, "read_all({skip}, {category:?}, {limit})"),
        }
    }
}
