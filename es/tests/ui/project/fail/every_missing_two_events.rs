//! Two events of an aggregate in `every` that no method takes.

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
#[event(name = "account.sent")]
struct Sent {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited, Sent))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.placed")]
struct Placed {
    total: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "order", id = u64, events(Placed))]
struct Order;

impl<E> Apply<E> for Order {
    fn apply(&mut self, _: E) {}
}

#[derive(Default)]
struct Sums {
    sum: u64,
}

#[es::project(name = "sums", every(Account, Order), ignores(Opened))]
impl Sums {
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
