//! The event is read as another type, and written by its fields.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
#[serde(from = "String")]
struct Opened {
    owner: String,
}

impl From<String> for Opened {
    fn from(owner: String) -> Self {
        Self { owner }
    }
}

fn main() {}
