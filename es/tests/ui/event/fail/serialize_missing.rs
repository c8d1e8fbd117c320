//! An event that cannot be written.

use es::Event;
use serde::Deserialize;

#[derive(Event, Clone, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

fn main() {}
