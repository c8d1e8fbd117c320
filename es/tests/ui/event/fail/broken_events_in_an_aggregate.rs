//! Two events without names in one aggregate: two mistakes and no more.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Opened;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Closed;

#[derive(es::Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Closed))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
    fn closed(&mut self, _: Closed) {
        self.open = false;
    }
}

fn main() {}
