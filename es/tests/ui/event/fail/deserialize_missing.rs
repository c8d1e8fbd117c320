//! `Deserialize` is not derived.

use es::prelude::*;

#[derive(Event, Clone, Serialize)]
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
