//! An event that is less visible than its aggregate.
#![deny(private_interfaces)]

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
pub struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

fn main() {}
