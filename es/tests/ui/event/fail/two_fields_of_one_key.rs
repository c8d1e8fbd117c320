//! Two fields are stored under one key today.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(rename = "note")]
    memo: Option<String>,
    note: Option<String>,
}

fn main() {}
