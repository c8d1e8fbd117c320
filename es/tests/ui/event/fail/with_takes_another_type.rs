//! A conversion that takes something else.

use es::Event;
use serde::{Deserialize, Serialize};

fn u32_of(text: &str) -> u32 {
    text.len() as u32
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = String, with = u32_of))]
    limit: u32,
}

fn main() {}
