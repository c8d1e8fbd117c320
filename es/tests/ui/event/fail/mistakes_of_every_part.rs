//! A mistake in each part, all reported.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "", version = 2, alias("opened", up_to = 3))]
#[event(removed(in = 4, name = "note", type = String))]
struct Opened {
    #[event(added(in = 1, default = 7))]
    limit: u32,
    #[event(renamed(in = 5, from = "holder"))]
    owner: String,
}

fn main() {}
