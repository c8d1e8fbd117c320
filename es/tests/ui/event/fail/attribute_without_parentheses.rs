//! The attribute has no parentheses.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event]
struct Opened {}

fn main() {}
