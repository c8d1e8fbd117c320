//! `#[es::apply]` is on a method.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

impl Account {
    #[es::apply]
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

fn main() {}
