//! Another type in storage, and older shapes.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Wire(u32);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[serde(from = "Wire", into = "Wire")]
struct Opened {
    #[event(changed(in = 2, from = u8, with = u32::from))]
    limit: u32,
}

impl From<Wire> for Opened {
    fn from(Wire(limit): Wire) -> Self {
        Self { limit }
    }
}

impl From<Opened> for Wire {
    fn from(Opened { limit }: Opened) -> Self {
        Self(limit)
    }
}

fn main() {}
