//! The smallest whole thing: an event, an aggregate, a decision, a store. `cargo run -p es --example account`

use std::{convert::Infallible, error::Error, io::Write};

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited))]
struct Account {
    balance: u64,
}

#[es::apply]
impl Account {
    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
    }
}

#[derive(Clone)]
struct Deposit {
    amount: u64,
}

impl Handle<Deposit> for Account {
    type Error = Infallible;

    fn handle(&self, command: Deposit) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok((command.amount > 0).then_some(Deposited { amount: command.amount }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = es::connect("memory:").await?;
    let accounts = store.repository::<Account>();
    let id = "4711".to_owned();
    for amount in [20, 0, 5] {
        let executed = accounts.execute(&id, Deposit { amount }).await?;
        let (balance, version) = (executed.root.balance, executed.root.version());
        writeln!(std::io::stdout(), "deposited {amount}: balance {balance} at version {version}")?;
    }
    Ok(())
}
