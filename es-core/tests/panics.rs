//! A panic of the program's own code while it decodes or encodes an event is a typed error.

#![cfg(feature = "derive")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, and panics are what is tested")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use es_core::{
    Aggregate, DecodeError, EncodeError, Event, EventName, IntoEvents, NewEvent, Position, ReadError, Recorded,
    Retired, Root, SchemaVersion, StoredEvent, StreamId, Timestamp, Version, apply,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Panics by the text that is decoded; any other text is decoded.
fn bomb(text: &str, part: &str) -> u8 {
    assert!(text != part, "boom-7281947281: {text}");
    7
}

fn serde_with<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    Ok(bomb(&String::deserialize(deserializer)?, "with"))
}

fn serde_default() -> u8 {
    panic!("boom-7281947281")
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
struct Picky(String);

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        bomb(&text, "deserialize");
        Ok(Self(text))
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "noted", version = 4)]
struct Noted {
    picky: Picky,
    #[serde(deserialize_with = "serde_with", serialize_with = "as_text")]
    with: u8,
    #[serde(default = "serde_default")]
    default: u8,
    #[event(changed(in = 2, from = String, with = |old| bomb(&old, "step")))]
    step: u8,
    #[event(changed(in = 3, from = String, try_with = |old: String| Ok::<u8, ()>(bomb(&old, "try"))))]
    tried: u8,
    #[event(added(in = 4, default = |old| bomb(&old.picky.0, "added")))]
    added: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn as_text<S: Serializer>(_: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("7")
}

mod v1 {
    use es_core::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "moved")]
    pub(super) struct Moved {
        pub(super) to: String,
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "moved", version = 2, previous = v1::Moved)]
struct Moved {
    to: u8,
}

impl From<v1::Moved> for Moved {
    fn from(old: v1::Moved) -> Self {
        Self { to: bomb(&old.to, "from") }
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "split")]
struct Split {
    into: String,
}

impl Retired<Notes> for Split {
    fn successors(self) -> impl IntoEvents<Notes> {
        // The first successor is passed on before the second panics.
        let into = self.into;
        let moved = move |number: u8| Moved { to: if number == 0 { 0 } else { bomb(&into, "successors") } };
        (0..2).map(moved).collect::<Vec<_>>()
    }
}

/// Its `Serialize` or its `Deserialize` panics, depending on its value.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Loud(String);

impl Serialize for Loud {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bomb(&self.0, "serialize");
        serializer.serialize_str(&self.0)
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "shouted")]
struct Shouted {
    loud: Loud,
    picky: Picky,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "notes", id = String, events(Noted, Moved, Shouted), retired(Split))]
struct Notes {
    applied: usize,
}

#[apply]
impl Notes {
    fn noted(&mut self, _: Noted) {
        self.applied += 1;
    }

    fn moved(&mut self, event: Moved) {
        assert!(event.to != 99, "the state does not take it");
        self.applied += 1;
    }

    fn shouted(&mut self, _: Shouted) {
        self.applied += 1;
    }
}

fn stored(name: &'static str, version: u32, payload: &str) -> StoredEvent {
    let (name, version) = (EventName::from_static(name).unwrap(), SchemaVersion::new(version).unwrap());
    let event = NewEvent::from_json(Uuid::nil(), name, version, payload.to_owned()).unwrap();
    let stream = StreamId::new("notes", "1").unwrap();
    event.into_stored(stream, Version::FIRST, Position::new(1), Timestamp::UNIX_EPOCH)
}

/// The code that panics, and the stored event that makes it panic.
const BOMBS: [(&str, &str, u32, &str); 9] = [
    ("a `Deserialize`", "noted", 4, r#"{"picky":"deserialize","with":"","default":1,"step":1,"tried":1,"added":1}"#),
    ("a `deserialize_with`", "noted", 4, r#"{"picky":"","with":"with","default":1,"step":1,"tried":1,"added":1}"#),
    ("a `serde(default)`", "noted", 4, r#"{"picky":"","with":"","step":1,"tried":1,"added":1}"#),
    ("a `serde(default)` of an older shape", "noted", 1, r#"{"picky":"","with":"","step":"","tried":""}"#),
    ("a step's `with`", "noted", 1, r#"{"picky":"","with":"","default":1,"step":"step","tried":""}"#),
    ("a step's `try_with`", "noted", 1, r#"{"picky":"","with":"","default":1,"step":"","tried":"try"}"#),
    ("a step's `default`", "noted", 3, r#"{"picky":"added","with":"","default":1,"step":1,"tried":1}"#),
    ("a `From`", "moved", 1, r#"{"to":"from"}"#),
    ("the successors of a retired event", "split", 1, r#"{"into":"successors"}"#),
];

#[test]
fn a_panic_while_decoding_is_a_decode_error_on_every_path() {
    let typed = |what: &str, error: ReadError| {
        let panicked = matches!(&error, ReadError::Decode { source: DecodeError::Panicked, .. });
        assert!(panicked, "{what}: {error:?}");
        assert!(!format!("{error:?} {error} {}", DecodeError::Panicked).contains("7281947281"), "{what}");
    };
    for (what, name, version, payload) in BOMBS {
        let stored = stored(name, version, payload);
        let mut seen = 0;
        typed(what, stored.decode_each::<NotesEvent>(|_| seen += 1).unwrap_err());
        assert_eq!(seen, 0, "{what}: nothing of an event that cannot be read is handed on");
        typed(what, stored.decode::<NotesEvent>().unwrap_err());
        let mut root = Root::<Notes>::new("1".to_owned()).unwrap();
        typed(what, root.replay(&stored).unwrap_err());
        assert_eq!((root.applied, root.version()), (0, Version::NONE), "{what}");
    }
}

#[test]
fn events_next_to_a_panicking_one_are_read() {
    for (_, name, version, payload) in BOMBS {
        let mut payload = payload.to_owned();
        for word in [
            "\"deserialize\"",
            "\"with\":\"with\"",
            "\"step\":\"step\"",
            "\"try\"",
            "\"added\",",
            "\"from\"",
            "\"successors\"",
        ] {
            let harmless = match word {
                "\"with\":\"with\"" => "\"with\":\"\"",
                "\"step\":\"step\"" => "\"step\":\"\"",
                "\"added\"," => "\"\",",
                _ => "\"\"",
            };
            payload = payload.replace(word, harmless);
        }
        if !payload.contains("\"default\"") && name == "noted" {
            payload = payload.replacen('{', r#"{"default":1,"#, 1);
        }
        let read: Vec<Recorded<NotesEvent>> = stored(name, version, &payload).decode().unwrap();
        assert_eq!(read.len(), if name == "split" { 2 } else { 1 }, "{payload}");
    }
}

/// Applying an event is not part of decoding it, so the caller gets this panic.
#[test]
fn a_panic_of_apply_reaches_the_caller() {
    let mut root = Root::<Notes>::new("1".to_owned()).unwrap();
    let stored = stored("moved", 2, r#"{"to":99}"#);
    assert!(catch_unwind(AssertUnwindSafe(|| root.replay(&stored))).is_err());
}

#[test]
fn a_panic_while_encoding_is_an_encode_error_and_stores_nothing() {
    let shouted = |loud: &str, picky: &str| Shouted { loud: Loud(loud.into()), picky: Picky(picky.into()) };
    let mut root = Root::<Notes>::new("1".to_owned()).unwrap();
    root.record(shouted("serialize", ""));
    assert_eq!((root.applied, root.pending().len()), (0, 0));
    assert_eq!(root.to_append(), Err(EncodeError::Panicked { name: "shouted" }));

    let mut root = Root::<Notes>::new("1".to_owned()).unwrap();
    root.record(shouted("", "deserialize"));
    assert_eq!((root.applied, root.pending().len()), (0, 0));
    let error = root.to_append().unwrap_err();
    assert!(matches!(&error, EncodeError::Unreadable { source: DecodeError::Panicked, .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("7281947281"), "{error:?}");

    let event = NotesEvent::from(shouted("serialize", ""));
    assert_eq!(NewEvent::encode(&event, drop).unwrap_err(), EncodeError::Panicked { name: "shouted" });
    root = Root::new("1".to_owned()).unwrap();
    root.record(shouted("", ""));
    assert_eq!((root.applied, root.to_append().unwrap().events.len()), (1, 1));
}
