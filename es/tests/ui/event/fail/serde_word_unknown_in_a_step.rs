//! A word of serde that a step does not know.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = u8, with = u32::from, serde(rename = "max")))]
    limit: u32,
}

fn main() {}
