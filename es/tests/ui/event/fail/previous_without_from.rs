//! A previous type without a conversion from it.

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
}

fn main() {}
