//! A computed default of another type.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = |old| old.owner.clone()))]
    limit: u32,
}

fn main() {}
