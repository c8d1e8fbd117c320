//! Two events with one name.

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

mod there {
    use es::prelude::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "order.deposited")]
    pub(crate) struct Deposited {
        pub(crate) amount: u64,
    }
}

#[derive(Aggregate, Default)]
#[aggregate(category = "order", id = u64, events(there::Deposited))]
struct Order;

impl<E> Apply<E> for Order {
    fn apply(&mut self, _: E) {}
}

#[derive(Default)]
struct Sums {
    sum: u64,
}

#[es::project(name = "sums", of(Account, Order))]
impl Sums {
    fn deposited(&mut self, event: &Deposited) {
        self.sum += event.amount;
    }

    fn deposited_there(&mut self, event: &there::Deposited) {
        self.sum += event.amount;
    }
}

fn main() {}
