//! A field that changed before it was there.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = u8, with = u32::from), added(in = 3, default = 7))]
    limit: u32,
}

fn main() {}
