//! No attribute at all.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
struct AccountOpened {
    owner: String,
}

fn main() {}
