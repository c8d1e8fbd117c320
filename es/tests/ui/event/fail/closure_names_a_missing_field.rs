//! A computed default from a field that the older shape lacks.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = |old| old.name.len() as u32))]
    limit: u32,
}

fn main() {}
