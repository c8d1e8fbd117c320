//! `Some(None)` is stored as `None` is.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    memo: Option<Option<u8>>,
}

fn main() {}
