//! A store says nothing of one of its capabilities.

use es::store::Capabilities;

fn nothing() -> Capabilities<'static> {
    Capabilities {}
}

fn main() {}
