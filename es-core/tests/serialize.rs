//! Events as JSON, for programs that print or send them.

use es_core::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "meter.read", version = 2)]
struct Read {
    #[event(added(in = 2, default = String::new()))]
    unit: String,
    value: f64,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "meter.removed")]
struct Removed;

#[derive(Aggregate, Default)]
#[aggregate(category = "meter", id = String, events(Read, Removed))]
struct Meter;

#[es_core::apply]
impl Meter {
    fn read(&mut self, _: Read) {}
    fn removed(&mut self, _: Removed) {}
}

#[derive(EventSet)]
#[event_set(of(Meter))]
enum Readings {
    Read(Read),
}

fn stored(payload: &'static str, metadata: Option<&'static str>) -> StoredEvent {
    let (stream, recorded_at) = (StreamId::new("meter", "a/1").expect("a stream"), Timestamp::UNIX_EPOCH);
    let name = EventName::from_static("meter.read").expect("a name");
    StoredEvent::at(stream, Version::new(2), Position::new(7), recorded_at).event(
        Uuid::from_u128(1),
        name,
        SchemaVersion::FIRST,
        payload,
        metadata.map(Into::into),
    )
}

/// No number is read and written anew: the texts would change.
const NUMBERS: &str = r#"{ "b":1.50, "a":[100000000000000000000000.10,1e2 ,-0.0],"a":1E400 }"#;

#[test]
fn a_stored_event_has_its_payload_and_metadata_as_they_are_stored() {
    let json = serde_json::to_string(&stored(NUMBERS, Some(r#"{"actor": "Ada"}"#))).unwrap();
    let rest = format!(
        r#""version":2,"position":7,"name":"meter.read","schema_version":1,"payload":{NUMBERS},"metadata":{{"actor": "Ada"}},"recorded_at":"1970-01-01T00:00:00.000000Z"}}"#
    );
    assert_eq!(json, format!(r#"{{"id":"{}","stream":"meter/a/1",{rest}"#, Uuid::from_u128(1)));
}

#[test]
fn a_payload_that_is_not_json_is_refused_without_being_shown() {
    for (payload, metadata) in [("secret", None), ("1", Some("{secret")), ("1 secret", None), ("", None)] {
        let error = serde_json::to_string(&stored(payload, metadata)).unwrap_err().to_string();
        assert!(error.contains("is not JSON") && !error.contains("secret"), "{error}");
    }
}

#[test]
fn the_events_of_an_aggregate_and_of_a_feed_serialise_alike() {
    let read = Read { unit: "kWh".into(), value: 1.5 };
    let json = json!({ "name": "meter.read", "schema_version": 2, "payload": { "unit": "kWh", "value": 1.5 } });
    assert_eq!(serde_json::to_value(MeterEvent::from(read.clone())).unwrap(), json);
    assert_eq!(serde_json::to_value(Readings::Read(read)).unwrap(), json);
    let removed = serde_json::to_value(MeterEvent::from(Removed)).unwrap();
    assert_eq!(removed, json!({ "name": "meter.removed", "schema_version": 1, "payload": null }));
}

#[test]
fn an_event_that_does_not_encode_does_not_serialise() {
    let error = serde_json::to_string(&MeterEvent::from(Read { unit: String::new(), value: f64::NAN })).unwrap_err();
    assert!(error.to_string().contains("`value` holds NaN"), "{error}");
}

#[test]
fn a_recorded_event_has_the_names_of_its_fields() {
    let stored = stored(r#"{"value":1.5}"#, Some(r#"{"actor":"Ada"}"#));
    let recorded = stored.decode::<MeterEvent>().unwrap().remove(0);
    let expected = json!({
        "id": Uuid::from_u128(1), "stream": "meter/a/1", "version": 2, "position": 7, "part": 0,
        "event": { "name": "meter.read", "schema_version": 2, "payload": { "unit": "", "value": 1.5 } },
        "metadata": { "actor": "Ada" }, "recorded_at": "1970-01-01T00:00:00.000000Z",
    });
    assert_eq!(serde_json::to_value(&recorded).unwrap(), expected);
    assert_eq!(serde_json::to_value(recorded.split().1).unwrap()["event"], Value::Null);
}

#[test]
fn names_are_read_from_json_ordered_and_refused() {
    let names = ["a", "B", "a.b"].map(|name| name.parse::<EventName>().unwrap());
    let mut sorted = names.to_vec();
    sorted.sort();
    assert_eq!(serde_json::to_string(&sorted).unwrap(), r#"["B","a","a.b"]"#);
    let again: Vec<EventName> = serde_json::from_str(r#"["B","a","a.b"]"#).unwrap();
    assert_eq!(again, sorted);
    assert_eq!(again[1].as_ref(), "a");
    assert!(serde_json::from_str::<EventName>(r#""""#).is_err());
    assert_eq!("a\0".parse::<EventName>(), Err(LimitError::Nul { what: "event name" }));
}
