//! The field is written by a function, and read without.

use es::prelude::*;

mod text {
    pub fn serialize<S: serde::Serializer>(_: &u8, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("")
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
        u8::deserialize(from)
    }

    use serde::Deserialize;
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    #[serde(serialize_with = "text::serialize")]
    memo: u8,
}

fn main() {}
