//! An old name that another field has at that version.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(renamed(in = 2, from = "owner"))]
    limit: u32,
}

fn main() {}
