//! An empty old name.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(renamed(in = 2, from = ""))]
    limit: u32,
}

fn main() {}
