//! The category has an unknown key that resembles no known one.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(name = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

fn main() {}
