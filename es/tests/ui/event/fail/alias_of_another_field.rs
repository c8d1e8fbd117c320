//! The alias is the key of another field today.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
#[serde(rename_all = "camelCase")]
struct Opened {
    #[serde(alias = "theNote")]
    memo: Option<String>,
    the_note: Option<String>,
}

fn main() {}
