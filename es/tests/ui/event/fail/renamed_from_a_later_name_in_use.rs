//! An old name that a field below has at that version.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(renamed(in = 2, from = "owner"))]
    limit: u32,
    owner: String,
}

fn main() {}
