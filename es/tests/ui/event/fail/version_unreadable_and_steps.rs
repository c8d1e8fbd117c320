//! A schema version that cannot be read is one mistake, whatever steps there are.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = "two")]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = 7))]
    limit: u32,
}

fn main() {}
