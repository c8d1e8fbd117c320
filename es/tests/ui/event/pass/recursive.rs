//! An event that holds itself.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.split", version = 2)]
struct Split {
    into: Vec<Self>,
    #[event(added(in = 2, default = 7))]
    limit: u32,
}

fn main() {
    let split = Split::decode(es::SchemaVersion::FIRST, br#"{"into":[{"into":[],"limit":1}]}"#).unwrap();
    assert_eq!((split.into.len(), split.limit), (1, 7));
    let mut types = Vec::new();
    (Split::SCHEMA.types)(&mut |ty, _| types.push(ty));
    assert_eq!(types, ["Vec<Split>", "u32"]);
}
