//! The alias of an older shape is the key of another field there.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = u8, with = u16::from, serde(alias = "owner")))]
    limit: u16,
}

fn main() {}
