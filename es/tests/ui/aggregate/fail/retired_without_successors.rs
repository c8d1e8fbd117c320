//! A retired event that does not implement `Retired`.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "transfer.made")]
struct TransferMade {
    to: String,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened), retired(TransferMade))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

fn main() {}
