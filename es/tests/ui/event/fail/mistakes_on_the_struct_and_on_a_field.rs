//! A mistake on the struct and one on a field, both reported.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(nme = "account.opened", version = 2)]
struct Opened {
    #[event(added(in = 1, default = 7))]
    limit: u32,
}

fn main() {}
