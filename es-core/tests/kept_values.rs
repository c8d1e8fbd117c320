//! Extreme values of types: the state, the recorded event and a reader see the same value, and a value that cannot be stored is
//! refused.

#![cfg(feature = "derive")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;

use es_core::{Aggregate, EncodeError, Event, Position, Root, StoredEvent, Timestamp, Version, apply};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Edges {
    #[serde(skip_deserializing)]
    not_read: u8,
    #[serde(skip_serializing, default)]
    not_written: u8,
    #[serde(serialize_with = "halved")]
    halved: i64,
    nothing: Option<()>,
    any: Option<Value>,
    unit: Option<Unit>,
    small: f32,
    large: f64,
    long: u128,
    longest: i128,
    twice: Twice,
    letter: char,
    by_number: BTreeMap<i128, u128>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Unit;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn halved<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(value / 2)
}

/// Serialized with one key twice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Twice(BTreeMap<String, u8>);

impl Serialize for Twice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
            map.serialize_entry(key, &(value + 1))?;
        }
        map.end()
    }
}

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event(name = "noted")]
struct Noted {
    edges: Edges,
}

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event(name = "tagged")]
struct Tagged {
    of: Kind,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Kind {
    Long { of: u128 },
    Keyed { of: BTreeMap<u8, u8> },
    Float { of: f32, other: f64 },
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "notes", id = String, events(Noted, Tagged))]
struct Notes {
    seen: Vec<String>,
}

#[apply]
impl Notes {
    fn noted(&mut self, event: Noted) {
        self.seen.push(format!("{event:?}"));
    }

    fn tagged(&mut self, event: Tagged) {
        self.seen.push(format!("{event:?}"));
    }
}

/// Asserts that the state, the pending event and a reader of the store see the same of `event`, and gives it.
fn kept(event: impl Into<NotesEvent>) -> Result<String, EncodeError> {
    let event = event.into();
    let mut root = Root::<Notes>::new("1".to_owned()).unwrap();
    root.record(event);
    let append = root.to_append()?;
    let stored: Vec<StoredEvent> = append
        .events
        .into_iter()
        .map(|event| event.into_stored(append.stream.clone(), Version::FIRST, Position::new(1), Timestamp::UNIX_EPOCH))
        .collect();
    let mut read = Root::<Notes>::new("1".to_owned()).unwrap();
    for stored in &stored {
        read.replay(stored).unwrap();
    }
    let pending: Vec<_> = root
        .pending()
        .map(|event| match event {
            NotesEvent::Noted(event) => format!("{event:?}"),
            NotesEvent::Tagged(event) => format!("{event:?}"),
        })
        .collect();
    assert_eq!((&root.seen, &pending), (&read.seen, &read.seen));
    assert_eq!(read.seen.len(), 1);
    Ok(read.into_state().seen.remove(0))
}

fn noted(change: impl FnOnce(&mut Edges)) -> Noted {
    let mut edges = Edges { letter: 'a', ..Edges::default() };
    change(&mut edges);
    Noted { edges }
}

#[test]
fn extreme_values_are_returned_as_a_reader_sees_them() {
    let same = |change: fn(&mut Edges)| assert_eq!(kept(noted(change)).unwrap(), format!("{:?}", noted(change)));
    let becomes = |given: fn(&mut Edges), read: fn(&mut Edges)| {
        assert_eq!(kept(noted(given)).unwrap(), format!("{:?}", noted(read)));
    };
    becomes(|edges| edges.not_read = 1, |_| ());
    becomes(|edges| edges.not_written = 1, |_| ());
    becomes(|edges| edges.halved = 5, |edges| edges.halved = 2);
    becomes(|edges| edges.nothing = Some(()), |_| ());
    becomes(|edges| edges.any = Some(Value::Null), |_| ());
    becomes(|edges| edges.unit = Some(Unit), |_| ());
    becomes(|edges| edges.twice.0 = [("a".to_owned(), 1)].into(), |edges| edges.twice.0 = [("a".to_owned(), 2)].into());
    for small in [0.1, -0.0, f32::MIN_POSITIVE, f32::MAX, f32::from_bits(1), 16_777_217.0] {
        let bits = |event: &Noted| event.edges.small.to_bits();
        let given = noted(|edges| edges.small = small);
        let text = kept(given.clone()).unwrap();
        assert_eq!(text, format!("{given:?}"), "{small} {}", bits(&given));
    }
    for large in [0.1, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::from_bits(1), 9_007_199_254_740_993.0] {
        let given = noted(|edges| edges.large = large);
        assert_eq!(kept(given.clone()).unwrap(), format!("{given:?}"));
    }
    same(|edges| edges.long = u128::MAX);
    same(|edges| edges.longest = i128::MIN);
    same(|edges| edges.longest = i128::MAX);
    same(|edges| edges.letter = '\u{10ffff}');
    same(|edges| edges.by_number = [(i128::MIN, u128::MAX), (i128::MAX, 0)].into());
}

#[test]
fn values_that_cannot_be_stored_are_refused() {
    let refused = |event: NotesEvent| kept(event).unwrap_err();
    assert!(matches!(refused(noted(|edges| edges.letter = '\0').into()), EncodeError::Nul { field: Some("edges") }));
    let key = |edges: &mut Edges| edges.twice.0 = [("a\0".to_owned(), 1)].into();
    assert!(matches!(refused(noted(key).into()), EncodeError::Nul { .. }));
    assert!(matches!(refused(noted(|edges| edges.small = f32::NAN).into()), EncodeError::NotFinite { .. }));
    let long = Tagged { of: Kind::Long { of: u128::MAX } };
    assert!(matches!(refused(long.into()), EncodeError::Unreadable { .. }));
    let keyed = Tagged { of: Kind::Keyed { of: [(1, 1)].into() } };
    assert!(matches!(refused(keyed.into()), EncodeError::Unreadable { .. }));
    let float = Tagged { of: Kind::Float { of: 0.1, other: -0.0 } };
    assert_eq!(kept(float.clone()).unwrap(), format!("{float:?}"));
}
