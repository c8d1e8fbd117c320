//! The tag that is written is refused when it is read.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
#[serde(tag = "type", deny_unknown_fields)]
struct Opened {
    owner: String,
}

fn main() {}
