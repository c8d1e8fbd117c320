//! The schema version of a step has no key.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(added(2, default = String::new()))]
    owner: String,
}

fn main() {}
