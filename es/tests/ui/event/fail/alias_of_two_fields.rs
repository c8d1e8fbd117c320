//! Two fields are read under one alias.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(alias = "text")]
    memo: Option<String>,
    #[serde(alias = "text")]
    note: Option<String>,
}

fn main() {}
