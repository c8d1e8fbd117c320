//! A retired event that does not say what it becomes in the set.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "transfer.made")]
struct TransferMade {
    to: String,
}

#[derive(EventSet)]
#[event_set(retired(TransferMade))]
enum Feed {
    Opened(Opened),
}

fn main() {}
