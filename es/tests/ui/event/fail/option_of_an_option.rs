//! `Some(None)` and `None` are stored alike.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    memo: Option<Option<u8>>,
}

fn main() {}
