//! The key before is the key of today.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(renamed(in = 2, from = "owner"))]
    owner: String,
}

fn main() {}
