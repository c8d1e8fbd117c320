//! Steps down to the first schema version, and a previous type.

use es::Event;
use serde::{Deserialize, Serialize};

mod before {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub struct Opened {
        pub owners: Vec<String>,
    }
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2, previous = before::Opened)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = 7))]
    limit: u32,
}

impl From<before::Opened> for Opened {
    fn from(before: before::Opened) -> Self {
        Self { owner: before.owners.join(", "), limit: 7 }
    }
}

fn main() {}
