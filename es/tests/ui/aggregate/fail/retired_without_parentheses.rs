//! A retired event written as a value.

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
#[aggregate(category = "account", id = String, events(Opened), retired = TransferMade)]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

impl Retired<Account> for TransferMade {
    fn successors(self) -> impl IntoEvents<Account> {
        Opened { owner: self.to }
    }
}

fn main() {}
