//! A union as an event.

use es::Event;

#[derive(Event)]
#[event(name = "account.opened")]
union Opened {
    number: u32,
    bytes: [u8; 4],
}

fn main() {}
