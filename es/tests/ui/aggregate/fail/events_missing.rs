//! No list of events.

use es::prelude::*;

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String)]
struct Account {
    open: bool,
}

fn main() {}
