//! The name has a key that is near to none.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(title = "account.opened")]
struct Opened {}

fn main() {}
