//! An aggregate that is a union.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Aggregate)]
#[aggregate(category = "account", id = String, events(Opened))]
union Account {
    open: bool,
}

fn main() {}
