//! An event that is retired.

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

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.moved")]
struct Moved {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited), retired(Moved))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

impl Retired<Account> for Moved {
    fn successors(self) -> impl IntoEvents<Account> {
        Deposited { amount: self.amount }
    }
}

#[derive(Default)]
struct Sums {
    sum: u64,
}

#[es::project(name = "sums", of(Account))]
impl Sums {
    fn deposited(&mut self, event: &Deposited) {
        self.sum += event.amount;
    }

    fn moved(&mut self, _: &Moved) {}
}

fn main() {}
