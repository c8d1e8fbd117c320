//! `changed` without `from`.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, with = u32::from))]
    limit: u32,
}

fn main() {}
