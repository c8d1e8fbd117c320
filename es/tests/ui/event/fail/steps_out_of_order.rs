//! A later step before an earlier one.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
struct Opened {
    owner: String,
    #[event(renamed(in = 3, from = "max"))]
    #[event(changed(in = 2, from = u8, with = u32::from))]
    limit: u32,
}

fn main() {}
