//! A borrowing struct as an event.

use es::Event;
use serde::Serialize;

#[derive(Event, Clone, Serialize)]
#[event(name = "account.opened")]
struct Opened<'a> {
    owner: &'a str,
}

fn main() {}
