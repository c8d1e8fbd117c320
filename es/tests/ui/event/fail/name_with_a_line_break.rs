//! The stored name holds a line break.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account\nopened")]
struct Opened {}

fn main() {}
