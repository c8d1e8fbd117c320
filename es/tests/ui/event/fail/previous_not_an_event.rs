//! A previous type that is no event.

use es::Event;
use serde::{Deserialize, Serialize};

struct Before {
    owners: Vec<String>,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2, previous = Before)]
struct Opened {
    owner: String,
}

impl From<Before> for Opened {
    fn from(before: Before) -> Self {
        Self { owner: before.owners.join(", ") }
    }
}

fn main() {}
