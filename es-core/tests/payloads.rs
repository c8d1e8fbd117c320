//! A payload is written in serde's human-readable form: ids and addresses as strings.

use std::net::IpAddr;

use es_core::{Aggregate, Event, NewEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "session.begun")]
struct Begun {
    id: Uuid,
    from: IpAddr,
    all: Vec<Option<Uuid>>,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "session", id = Uuid, events(Begun))]
struct Session;

#[es_core::apply]
impl Session {
    fn begun(&mut self, _: Begun) {}
}

#[test]
fn ids_and_addresses_are_written_as_strings() {
    let id = Uuid::from_u128(7);
    let begun = Begun { id, from: IpAddr::from([127, 0, 0, 1]), all: vec![Some(id), None] };
    let event = NewEvent::encode(&SessionEvent::from(begun.clone()), |read| {
        assert!(matches!(read, SessionEvent::Begun(read) if read == begun), "it is read as the same");
    })
    .unwrap();
    let id = "\"00000000-0000-0000-0000-000000000007\"";
    assert_eq!(event.payload(), &format!(r#"{{"id":{id},"from":"127.0.0.1","all":[{id},null]}}"#));
}
