//! Two ways from one type to the other.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = u8, with = u32::from, try_with = u32::try_from))]
    limit: u32,
}

fn main() {}
