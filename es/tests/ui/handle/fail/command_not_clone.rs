//! A command that cannot be decided on again after a conflict.

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

struct Open {
    owner: String,
}

impl Handle<Open> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Open) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok(Opened { owner: command.owner })
    }
}

async fn open(accounts: &impl Repository<Account>, owner: String) {
    let _ = accounts.execute(&String::from("1"), Open { owner }).await;
}

fn main() {}
