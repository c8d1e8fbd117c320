//! A previous type of the first schema version.

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
#[event(name = "account.opened", version = 1, previous = before::Opened)]
struct Opened {
    owner: String,
}

impl From<before::Opened> for Opened {
    fn from(before: before::Opened) -> Self {
        Self { owner: before.owners.join(", ") }
    }
}

fn main() {}
