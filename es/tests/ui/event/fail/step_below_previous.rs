//! A step of a schema version that the previous type has.

use es::Event;
use serde::{Deserialize, Serialize};

mod before {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.opened", version = 2)]
    #[event(removed(in = 2, name = "note", type = String))]
    pub struct Opened {
        pub owners: Vec<String>,
    }
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3, previous = before::Opened)]
struct Opened {
    owner: String,
    #[event(added(in = 3, default = 7))]
    limit: u32,
}

impl From<before::Opened> for Opened {
    fn from(before: before::Opened) -> Self {
        Self { owner: before.owners.join(", "), limit: 7 }
    }
}

fn main() {}
