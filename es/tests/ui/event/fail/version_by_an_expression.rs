//! The schema version is a sum.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1 + 1)]
struct Opened {}

fn main() {}
