//! The older key equals the newer one.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(changed(in = 2, from = u8, with = u32::from, name = "limit"))]
    limit: u32,
}

fn main() {}
