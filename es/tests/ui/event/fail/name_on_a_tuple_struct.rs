//! A key for a field of a tuple struct.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened(#[event(changed(in = 2, from = u8, with = u32::from, name = "limit"))] u32);

fn main() {}
