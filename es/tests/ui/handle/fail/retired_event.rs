//! A decision that emits a retired event.

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

impl Retired<Account> for TransferMade {
    fn successors(self) -> impl IntoEvents<Account> {
        Opened { owner: self.to }
    }
}

struct Transfer {
    to: String,
}

impl Handle<Transfer> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Transfer) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok(TransferMade { to: command.to })
    }
}

fn main() {}
