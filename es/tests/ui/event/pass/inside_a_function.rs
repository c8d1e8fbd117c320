//! Events and their older shapes, declared inside a function and by a macro.

use es::Event;
use serde::{Deserialize, Serialize};

macro_rules! event {
    ($name:ident, $stored:literal, $ty:ty, $default:expr) => {
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event(name = $stored, version = 2)]
        struct $name {
            r#type: String,
            #[event(added(in = 2, default = $default))]
            value: $ty,
            #[event(renamed(in = 2, from = "async"))]
            r#await: Vec<$ty>,
        }
    };
}

fn main() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Local(u8);

    event!(Opened, "account.opened", Local, Local(7));
    let opened = Opened::decode(es::SchemaVersion::FIRST, br#"{"type":"x","async":[1]}"#).unwrap();
    assert_eq!((opened.r#type.as_str(), opened.value, opened.r#await), ("x", Local(7), vec![Local(1)]));
}
