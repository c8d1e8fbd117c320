//! The derives that every event needs are missing.

use es::prelude::*;

#[derive(Event)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account;

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {}
}

fn main() {}
