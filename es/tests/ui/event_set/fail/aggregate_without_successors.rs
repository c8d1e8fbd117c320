//! A retired event that does not implement `Retired`: the feed of its aggregate does not report it again.

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

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened), retired(Deposited))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

#[derive(EventSet)]
#[event_set(of(Account))]
enum Feed {
    Opened(Opened),
}

fn main() {}
