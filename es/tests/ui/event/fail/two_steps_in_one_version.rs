//! Two steps of one field in one schema version.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(renamed(in = 2, from = "max"))]
    #[event(changed(in = 2, from = u8, with = u32::from))]
    limit: u32,
}

fn main() {}
