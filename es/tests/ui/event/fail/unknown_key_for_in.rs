//! The schema version of a step has an unknown key that resembles no known one.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(added(since = 2, default = String::new()))]
    owner: String,
}

fn main() {}
