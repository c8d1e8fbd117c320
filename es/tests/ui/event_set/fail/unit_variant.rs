//! A variant that holds nothing.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(EventSet)]
enum Feed {
    Opened(Opened),
    Closed,
}

fn main() {}
