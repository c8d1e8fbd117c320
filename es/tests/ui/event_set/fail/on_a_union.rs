//! An event set that is a union.

use es::prelude::*;

#[derive(EventSet)]
union Feed {
    opened: u8,
}

fn main() {}
