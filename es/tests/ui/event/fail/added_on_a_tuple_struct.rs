//! A new field of a tuple struct.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened(String, #[event(added(in = 2, default = 7))] u32);

fn main() {}
