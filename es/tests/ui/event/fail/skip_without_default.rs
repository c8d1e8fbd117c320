//! The field is skipped without `default`.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(skip)]
    memo: Option<String>,
}

fn main() {}
