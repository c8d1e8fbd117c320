//! The name has an unknown key that resembles no known one.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(title = "account.opened")]
struct Opened {}

fn main() {}
