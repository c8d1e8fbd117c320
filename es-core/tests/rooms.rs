//! The rooms of the crate: imports name a room, and no file imports a room above its own.
#![allow(dead_code, reason = "another crate uses the rest of the shared module")]

#[path = "shared/rooms.rs"]
mod rooms;

/// Each room, and those that it may import.
const ROOMS: &[rooms::Room] = &[
    ("event", &["event"]),
    ("aggregate", &["event", "aggregate"]),
    ("store", &["event", "store"]),
    ("projection", &["event", "store", "projection"]),
    ("repository", &["event", "aggregate", "store", "projection", "repository"]),
];

#[test]
fn a_room_imports_only_what_is_below_it() {
    let faults = rooms::faults(env!("CARGO_MANIFEST_DIR"), ROOMS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
