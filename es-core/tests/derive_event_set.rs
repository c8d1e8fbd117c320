//! What `derive(EventSet)` writes, and that an alias finds its event.

use es_core::{
    DecodeError, Event, EventSet, SchemaVersion,
    schema::{Alias, Schema},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

/// Written by hand, with an alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Deposited(i64);

impl Event for Deposited {
    const NAME: &'static str = "account.deposited";
    const VERSION: SchemaVersion = SchemaVersion::new(2).unwrap();
    const SCHEMA: &'static Schema = &Schema {
        name: Self::NAME,
        version: Self::VERSION,
        aliases: &[Alias { name: "deposit_made", up_to: Self::VERSION }],
        shapes: &[],
        previous: None,
        types: |_| {},
    };

    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        es_core::decode_single(stored, payload)
    }
}

#[derive(EventSet, Debug, PartialEq)]
enum Feed {
    Opened(Opened),
    Paid(Deposited),
}

#[test]
fn a_set_reads_each_of_its_events() {
    let mut read = Vec::new();
    Feed::decode("account.opened", SchemaVersion::FIRST, br#"{"owner":"Ada"}"#, |event| read.push(event)).unwrap();
    Feed::decode("account.deposited", Deposited::VERSION, b"5", |event| read.push(event)).unwrap();
    assert_eq!(read, [Feed::Opened(Opened { owner: "Ada".into() }), Feed::Paid(Deposited(5))]);
    assert_eq!(read[1].name(), "account.deposited");
    assert_eq!(read[1].schema_version().get(), 2);
}

#[test]
fn names_hold_the_aliases() {
    assert_eq!(Feed::NAMES, ["account.opened", "account.deposited", "deposit_made"]);
}

#[test]
fn an_alias_is_read_up_to_where_it_ended() {
    let mut read = Vec::new();
    Feed::decode("deposit_made", Deposited::VERSION, b"5", |event| read.push(event)).unwrap();
    assert_eq!(read, [Feed::Paid(Deposited(5))]);
    let beyond = Feed::decode("deposit_made", SchemaVersion::new(3).unwrap(), b"5", |_| panic!("nothing to read"));
    assert_eq!(beyond, Err(DecodeError::Newer { known: Deposited::VERSION }));
}
