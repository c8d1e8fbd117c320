//! An `async` method.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    async fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

fn main() {}
