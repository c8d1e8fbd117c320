//! A list of events with nothing in it.

use es::prelude::*;

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events())]
struct Account {
    open: bool,
}

fn main() {}
