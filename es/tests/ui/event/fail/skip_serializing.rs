//! The field is never written, and read as `None`.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(skip_serializing, default)]
    memo: Option<String>,
}

fn main() {}
