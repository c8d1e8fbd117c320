//! The stored name is put together by a macro.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = concat!("account", ".opened"))]
struct Opened {}

fn main() {}
