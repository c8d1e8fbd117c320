//! The event borrows a text.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: &'static str,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account;

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {}
}

fn main() {}
