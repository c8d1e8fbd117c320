//! An event that the only aggregate does not hold.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.shipped")]
struct Shipped {
    by: String,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

#[derive(Aggregate, Default)]
#[aggregate(category = "order", id = String, events(Shipped))]
struct Order;

impl<E> Apply<E> for Order {
    fn apply(&mut self, _: E) {}
}

#[derive(EventSet)]
#[event_set(of(Account))]
enum Feed {
    Opened(Opened),
    Shipped(Shipped),
}

fn main() {}
