//! `#[es::apply]` is on each method.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.closed")]
struct Closed {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Closed))]
struct Account {
    open: bool,
}

impl Account {
    #[es::apply]
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }

    #[es::apply]
    fn closed(&mut self, _: Closed) {
        self.open = false;
    }
}

fn main() {}
