//! The attribute on a variant.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: i64,
}

#[derive(EventSet)]
enum Feed {
    Opened(Opened),
    #[event_set(retired)]
    Deposited(Deposited),
}

fn main() {}
