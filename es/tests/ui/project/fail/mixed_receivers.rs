//! A method of a view, and one of a table.

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
    fn deposited(&mut self, event: &Deposited) {
        self.sum += event.amount;
    }

    async fn opened(&self, _: Opened, _: &mut Vec<u64>) {}
}

fn main() {}
