//! A field that is written under one key and read under another.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1)]
struct Opened {
    owner: String,
    #[serde(rename(serialize = "max", deserialize = "limit"))]
    limit: u32,
}

fn main() {}
