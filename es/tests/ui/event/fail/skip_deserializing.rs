//! The field is written, and never read.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(skip_deserializing)]
    memo: Option<String>,
}

fn main() {}
