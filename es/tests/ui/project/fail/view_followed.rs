//! A view, followed as if a store kept it.

use es::prelude::*;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

#[derive(Default)]
struct Sum(u64);

#[es::project(name = "sum", every(Account))]
impl Sum {
    fn deposited(&mut self, event: Deposited) {
        self.0 += event.amount;
    }
}

fn main() {
    let projections = es::MemoryStore::new().projections().follow(Sum::default());
}
