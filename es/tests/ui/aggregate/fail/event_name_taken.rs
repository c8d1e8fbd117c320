//! A name for the enum of events that is taken.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

struct AccountEvent;

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

fn main() {}
