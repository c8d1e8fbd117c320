//! An event set of nothing.

use es::prelude::*;

#[derive(EventSet)]
enum Feed {}

fn main() {}
