//! An aggregate that lists no event: its feed does not report it again.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events())]
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
