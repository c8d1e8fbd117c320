//! A retired event that is listed itself.

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
#[event(name = "account.paid")]
struct Paid {
    cents: i64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited), retired(Paid))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

impl Retired<Account> for Paid {
    fn successors(self) -> impl IntoEvents<Account> {
        Deposited { amount: self.cents }
    }
}

#[derive(EventSet)]
#[event_set(of(Account))]
enum Feed {
    Deposited(Deposited),
    Paid(Paid),
}

fn main() {}
