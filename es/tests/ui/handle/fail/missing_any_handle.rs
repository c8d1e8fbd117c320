//! A command, and an aggregate that handles none.

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
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

#[derive(Clone)]
struct Open {
    owner: String,
}

async fn open(accounts: &impl Repository<Account>, owner: String) {
    let _ = accounts.execute(&String::from("1"), Open { owner }).await;
}

fn main() {}
