//! The field is read under a key that is not written.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(rename(deserialize = "n"))]
    memo: Option<String>,
}

fn main() {}
