//! A schema version without a step.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
struct Opened {
    owner: String,
    #[event(added(in = 3, default = 7))]
    limit: u32,
}

fn main() {}
