//! The field is skipped, and nobody said that a default is meant.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(skip)]
    memo: Option<String>,
}

fn main() {}
