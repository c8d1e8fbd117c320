//! The event is written as another type, and read by its fields.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
#[serde(into = "String")]
struct Opened {
    owner: String,
}

impl From<Opened> for String {
    fn from(opened: Opened) -> Self {
        opened.owner
    }
}

fn main() {}
