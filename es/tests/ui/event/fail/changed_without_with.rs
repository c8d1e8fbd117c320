//! `changed` without `with`.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = u8))]
    limit: u32,
}

fn main() {}
