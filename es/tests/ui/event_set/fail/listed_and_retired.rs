//! An event that a set both holds and retires.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(EventSet)]
#[event_set(retired(Opened))]
enum Feed {
    Opened(Opened),
}

fn main() {}
