//! A field whose type cannot be read.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize)]
struct Owner(String);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: Owner,
}

fn main() {}
