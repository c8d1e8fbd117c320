//! A view has nothing to set up.

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
    fn set_up(&mut self) {}

    fn deposited(&mut self, event: Deposited) {
        self.0 += event.amount;
    }
}

fn main() {}
