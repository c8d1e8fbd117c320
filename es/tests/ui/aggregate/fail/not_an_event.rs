//! Something listed that is not an event.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Clone, Debug)]
struct Withdrawn {
    amount: i64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Withdrawn))]
struct Account {
    open: bool,
    balance: i64,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
    fn withdrawn(&mut self, event: Withdrawn) {
        self.balance -= event.amount;
    }
}

fn main() {}
