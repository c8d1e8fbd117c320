//! An event set with a type parameter.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(EventSet)]
enum Feed<T> {
    Opened(Opened),
    Other(T),
}

fn main() {}
