//! The schema version of a step has a key that is near to none.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(added(since = 2, default = String::new()))]
    owner: String,
}

fn main() {}
