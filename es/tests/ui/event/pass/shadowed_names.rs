//! A module with names of its own for everything that generated code could name carelessly.

#![allow(dead_code, reason = "names that only stand in the way")]

struct Result;
struct Option;
struct String;
struct Vec;
struct Ok;
struct Err;
struct Some;
struct None;
trait From {}
trait TryFrom {}
trait Clone {}
trait Event {}
mod std {}
mod core {}
mod es {}
mod es_core {}

mod before {
    #[derive(::es::Event, Clone, ::serde::Serialize, ::serde::Deserialize)]
    #[event(name = "account.opened")]
    pub struct Opened(pub u8);
}

#[derive(::es::Event, ::core::clone::Clone, ::serde::Serialize, ::serde::Deserialize)]
#[event(name = "account.opened", version = 3, previous = before::Opened, alias("opened", up_to = 1))]
#[event(removed(in = 3, name = "note", type = u8))]
struct Opened {
    owner: u8,
    #[event(added(in = 3, default = |old| old.note))]
    note_before: u8,
    #[event(changed(in = 3, from = u8, try_with = ::core::convert::TryInto::<u16>::try_into))]
    limit: u16,
}

impl ::core::convert::From<before::Opened> for Opened {
    fn from(before: before::Opened) -> Self {
        Self { owner: before.0, note_before: 0, limit: 0 }
    }
}

fn main() {
    let version = ::es::SchemaVersion::new(2).unwrap();
    let payload = br#"{"owner":1,"note":2,"limit":3}"#;
    let opened = <Opened as ::es::Event>::decode(version, payload).unwrap();
    assert_eq!((opened.owner, opened.note_before, opened.limit), (1, 2, 3));
}
