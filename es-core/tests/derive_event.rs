//! The code that `derive(Event)` writes for events with a single schema version.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use es_core::{DecodeError, Event, SchemaVersion};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.rated", crate = es_core)]
struct Rated(u8, String);

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.closed")]
struct Closed;

fn round_trip<E: Event + PartialEq + std::fmt::Debug>(event: &E, payload: &str) {
    let mut bytes = Vec::new();
    event.encode(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), payload);
    assert_eq!(&E::decode(E::SCHEMA_VERSION, &bytes).unwrap(), event);
}

#[test]
fn structs_of_every_form_round_trip() {
    round_trip(&Opened { owner: "Ada".into() }, r#"{"owner":"Ada"}"#);
    round_trip(&Rated(7, "good".into()), r#"[7,"good"]"#);
    round_trip(&Closed, "null");
}

#[test]
fn name_and_schema_version_are_known_at_compile_time() {
    const NAME: &str = Opened::NAME;
    assert_eq!(NAME, "account.opened");
    assert_eq!(Opened::SCHEMA_VERSION, SchemaVersion::FIRST);
    assert_eq!(Opened::SCHEMA.name, NAME);
}

#[test]
fn a_newer_schema_version_is_an_error_of_its_own() {
    let newer = SchemaVersion::new(2).unwrap();
    assert_eq!(Opened::decode(newer, b"{}"), Err(DecodeError::Newer { known: SchemaVersion::FIRST }));
}
