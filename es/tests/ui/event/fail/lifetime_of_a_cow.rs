//! A lifetime that no reference shows.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened<'a> {
    owner: std::borrow::Cow<'a, str>,
}

fn main() {}
