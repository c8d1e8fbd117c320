//! The alias is the key that another field had in an older version.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[serde(rename_all = "camelCase")]
struct Opened {
    #[serde(alias = "theNote")]
    memo: Option<String>,
    #[event(renamed(in = 2, from = "theNote"))]
    long_note: Option<String>,
}

fn main() {}
