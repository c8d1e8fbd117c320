//! A block for one of several types.

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
struct Sums<T> {
    sum: u64,
    of: Vec<T>,
}

#[es::project(name = "sums", of(Account))]
impl Sums<u8> {
    fn deposited(&mut self, event: &Deposited) {
        self.sum += event.amount;
    }
}

fn main() {}
