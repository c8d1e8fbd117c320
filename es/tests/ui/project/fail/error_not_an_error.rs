//! A method whose error is no error.

use es::prelude::*;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

#[derive(Default)]
struct Sums {
    sum: u64,
}

#[es::project(name = "sums", of(Account))]
impl Sums {
    fn deposited(&mut self, event: &Deposited) -> Result<(), u64> {
        self.sum = self.sum.checked_add(event.amount).ok_or(7_u64)?;
        Ok(())
    }
}

fn main() {}
