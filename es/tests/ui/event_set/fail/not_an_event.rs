//! A variant that holds something else.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

struct Noise;

#[derive(EventSet)]
enum Feed {
    Opened(Opened),
    Noise(Noise),
}

fn main() {}
