//! A field that is left out of a tuple struct shifts the others.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened(u8, #[serde(skip_serializing_if = "Option::is_none")] Option<u8>);

fn main() {}
