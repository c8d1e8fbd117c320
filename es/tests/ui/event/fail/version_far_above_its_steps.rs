//! A schema version far above its steps.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 4000000000)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = 7))]
    limit: u32,
}

fn main() {}
