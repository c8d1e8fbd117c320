//! An event set that is a struct.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(EventSet)]
struct Feed {
    opened: Opened,
}

fn main() {}
