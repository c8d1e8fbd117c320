//! The event is written as one type, and read as another.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
#[serde(into = "String", from = "u8")]
struct Opened {
    owner: String,
}

impl From<Opened> for String {
    fn from(opened: Opened) -> Self {
        opened.owner
    }
}

impl From<u8> for Opened {
    fn from(owner: u8) -> Self {
        Self { owner: owner.to_string() }
    }
}

fn main() {}
