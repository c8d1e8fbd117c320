//! An alias is read up to the schema version of its `up_to`, and not above.

use es_core::{
    Aggregate, DecodeError, Event, EventName, NewEvent, Position, ReadError, SchemaVersion, StreamId, Timestamp,
    Version,
};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 4)]
#[event(alias("deposit_made", up_to = 1), alias("paid_in", up_to = 3))]
#[expect(clippy::duplicated_attributes, reason = "each alias has an end of its own")]
struct Deposited {
    #[event(added(in = 2, default = 2), renamed(in = 3, from = "sum"), renamed(in = 4, from = "value"))]
    amount: u64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.closed", alias("account.ended", up_to = 1))]
struct Closed;

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Closed, Deposited))]
struct Account;

#[es_core::apply]
impl Account {
    fn closed(&mut self, _: Closed) {}
    fn deposited(&mut self, _: Deposited) {}
}

/// The amount that the set decodes from such a stored event.
fn amount(name: &'static str, version: u32, payload: &'static str) -> Result<u64, DecodeError> {
    let schema_version = SchemaVersion::new(version).expect("above 0");
    let name = EventName::from_static(name).expect("a name");
    let event = NewEvent::from_json(uuid::Uuid::nil(), name, schema_version, payload).expect("an event");
    let stream = StreamId::new("account", "1").expect("a stream");
    let stored = event.into_stored(stream, Version::FIRST, Position::new(1), Timestamp::UNIX_EPOCH);
    match stored.decode::<AccountEvent>() {
        Ok(recorded) => match &recorded[..] {
            [one] => Ok(if let AccountEvent::Deposited(Deposited { amount }) = one.event { amount } else { 0 }),
            other => panic!("it stands for one event: {other:?}"),
        },
        Err(ReadError::Decode { source, .. }) => Err(source),
        Err(other) => panic!("{other}"),
    }
}

const PAYLOADS: [&str; 4] = ["{}", r#"{"sum":2}"#, r#"{"value":2}"#, r#"{"amount":2}"#];

#[test]
fn an_alias_above_its_up_to_is_a_newer_schema_version() {
    for (version, payload) in (1..).zip(PAYLOADS) {
        let newer = |known| Err(DecodeError::Newer { known: SchemaVersion::new(known).unwrap() });
        assert_eq!(amount("account.deposited", version, payload), Ok(2), "version {version}");
        assert_eq!(amount("deposit_made", version, payload), if version <= 1 { Ok(2) } else { newer(1) });
        assert_eq!(amount("paid_in", version, payload), if version <= 3 { Ok(2) } else { newer(3) });
    }
    assert_eq!(amount("account.ended", 1, "null"), Ok(0), "that of another event of the set");
    assert_eq!(amount("deposit", 1, "{}"), Err(DecodeError::UnknownName));
}
