//! `added` on the struct instead of a field.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2, added(in = 2, default = 7))]
struct Opened {
    owner: String,
}

fn main() {}
