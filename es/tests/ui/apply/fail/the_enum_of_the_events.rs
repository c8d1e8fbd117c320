//! One method for the enum of all events.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn on(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened(_) => self.open = true,
        }
    }
}

fn main() {}
