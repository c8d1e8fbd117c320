//! A key that does not exist.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(EventSet)]
#[event_set(crte = es)]
enum Feed {
    Opened(Opened),
}

fn main() {}
