//! A transparent struct, and older shapes.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[serde(transparent)]
struct Opened {
    #[event(changed(in = 2, from = u8, with = u32::from))]
    limit: u32,
}

fn main() {}
