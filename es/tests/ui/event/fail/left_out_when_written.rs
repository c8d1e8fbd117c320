//! A field that may be left out when it is written, and must be there when it is read.

use es::Event;
use serde::{Deserialize, Serialize};

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1)]
struct Opened {
    owner: String,
    #[serde(skip_serializing_if = "is_zero")]
    limit: u32,
}

fn main() {}
