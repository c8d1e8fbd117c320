//! `try_with` with a function that gives no `Result`.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(changed(in = 2, from = u8, try_with = u32::from))]
    limit: u32,
}

fn main() {}
