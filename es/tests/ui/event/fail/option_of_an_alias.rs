//! `Some(None)` and `None` are stored alike, also behind an alias and inside of a list.

use es::prelude::*;

type Maybe = Option<u8>;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    memo: Vec<Option<Maybe>>,
}

fn main() {}
