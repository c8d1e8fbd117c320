//! A new name for a field that has none.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(renamed(in = 2, from = "rest"))]
    #[serde(flatten)]
    more: std::collections::BTreeMap<String, String>,
}

fn main() {}
