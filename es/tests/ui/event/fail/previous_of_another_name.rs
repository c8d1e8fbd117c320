//! A previous type that is stored under another name.

use es::Event;
use serde::{Deserialize, Serialize};

mod before {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.created")]
    pub struct Opened {
        pub owners: Vec<String>,
    }
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2, previous = before::Opened)]
struct Opened {
    owner: String,
}

impl From<before::Opened> for Opened {
    fn from(before: before::Opened) -> Self {
        Self { owner: before.owners.join(", ") }
    }
}

fn main() {}
