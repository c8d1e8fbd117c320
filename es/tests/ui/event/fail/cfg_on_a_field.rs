//! A field under `#[cfg]`.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1)]
struct Opened {
    owner: String,
    #[cfg(not(windows))]
    limit: u32,
}

fn main() {}
