//! The rooms of the crate: imports name a room, and none names one above its own.

#[path = "../../es-core/tests/shared/rooms.rs"]
mod rooms;

/// Each room, and the rooms that it may import.
const ROOMS: &[rooms::Room] = &[
    ("codec", &["error", "codec"]),
    ("file", &["error", "url", "codec", "file"]),
    ("read", &["error", "codec", "file", "read"]),
    ("wake", &["error", "file", "read"]),
    ("table", &["error", "table"]),
    ("append", &["error", "codec", "file", "read", "wake", "table", "append"]),
    ("backup", &["error", "file"]),
    ("asides", &["error"]),
];

#[test]
fn a_room_imports_only_what_is_below_it() {
    let faults = rooms::faults(env!("CARGO_MANIFEST_DIR"), ROOMS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
