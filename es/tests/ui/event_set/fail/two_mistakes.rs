//! Two mistakes in one set: both are reported at once.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(EventSet)]
#[event_set(category = "account")]
enum Feed {
    Opened(Opened),
    Closed,
}

fn main() {}
