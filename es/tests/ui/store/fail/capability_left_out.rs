//! A store leaves out one of its capabilities.

use es::store::Capabilities;

fn nothing() -> Capabilities<'static> {
    Capabilities {}
}

fn main() {}
