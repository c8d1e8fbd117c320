//! An alias that is the name of another event.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 2, alias("account.opened", up_to = 1))]
struct Deposited {
    #[event(added(in = 2, default = 0))]
    amount: i64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
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
