//! The name has no key.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("account.opened")]
struct Opened {}

fn main() {}
