//! Types that describe nothing of themselves.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Plain(u8);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    plain: Plain,
    plains: Vec<Plain>,
    again: Plain,
}

fn main() {
    let mut seen = Vec::new();
    (Opened::SCHEMA.types)(&mut |ty, _| seen.push(ty));
    assert_eq!(seen, ["Plain", "Vec<Plain>"]);
}
