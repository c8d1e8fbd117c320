//! An alias that is the name of another event.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 2, alias("account.opened", up_to = 1))]
struct Deposited {
    #[event(added(in = 2, default = 0))]
    amount: i64,
}

#[derive(EventSet)]
enum Feed {
    Opened(Opened),
    Deposited(Deposited),
}

fn main() {}
