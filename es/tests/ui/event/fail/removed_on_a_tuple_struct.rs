//! A removed field of a tuple struct.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[event(removed(in = 2, name = "note", type = String))]
struct Opened(String);

fn main() {}
