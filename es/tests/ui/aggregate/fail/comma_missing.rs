//! Two events without a comma between them.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: i64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened Deposited))]
struct Account {
    open: bool,
    balance: i64,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
    }
}

fn main() {}
