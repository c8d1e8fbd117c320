//! An aggregate that lists what is no event: its feed does not report it again.

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

struct Noise;

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Noise))]
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
