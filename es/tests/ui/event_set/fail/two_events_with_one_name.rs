//! Two events of a set that are stored under one name.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Deposited {
    amount: i64,
}

#[derive(EventSet)]
enum Feed {
    Opened(Opened),
    Deposited(Deposited),
}

fn main() {}
