//! A state machine of which no state is the first.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Aggregate)]
#[aggregate(category = "account", id = String, events(Opened))]
enum Account {
    Closed,
    Open,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        *self = Self::Open;
    }
}

fn main() {}
