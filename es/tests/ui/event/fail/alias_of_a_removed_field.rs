//! The alias is the key of a field that was there at the same time.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[event(removed(in = 2, name = "note", type = Option<String>))]
struct Opened {
    #[serde(alias = "note")]
    memo: Option<String>,
}

fn main() {}
