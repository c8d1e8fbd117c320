//! A decision that emits an event the aggregate does not list.

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
#[aggregate(category = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

struct Deposit {
    amount: i64,
}

impl Handle<Deposit> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Deposit) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok(Deposited { amount: command.amount })
    }
}

fn main() {}
