//! A derive without its attribute.

use es::prelude::*;

#[derive(Aggregate, Default)]
struct Account {
    open: bool,
}

fn main() {}
