//! The rooms of the crate: imports name a room, none names one above its own, and no files of a room go in a circle.

#[path = "../../es-core/tests/shared/rooms.rs"]
mod rooms;

use std::path::Path;

/// Each room, and those that it may import.
const ROOMS: &[rooms::Room] = &[
    ("server", &["server"]),
    ("read", &["server", "read"]),
    ("subscribe", &["server", "read", "subscribe"]),
    ("append", &["server", "read", "subscribe", "append"]),
    ("migrate", &["server"]),
    ("protection", &["server"]),
    ("snapshot", &["server"]),
];

#[test]
fn a_room_imports_only_what_is_below_it() {
    let faults = rooms::faults(env!("CARGO_MANIFEST_DIR"), ROOMS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    for (room, _) in ROOMS {
        let place = rooms::place(env!("CARGO_MANIFEST_DIR"), room);
        if place.is_file() {
            continue;
        }
        let mut left = parts(room, &place);
        // what imports nothing that is left is taken away, until all are or a circle is left
        let imports_none = |(own, code): &(String, String), all: &[(String, String)]| {
            !all.iter().any(|(other, _)| other != own && imports(code, room, other))
        };
        while let Some(last) = left.iter().position(|part| imports_none(part, &left)) {
            left.remove(last);
        }
        let circle: Vec<String> = left.into_iter().map(|(name, _)| name).collect();
        assert!(circle.is_empty(), "in a circle, or above one, in `{room}`: {}", circle.join(", "));
    }
}

/// The files and folders of a room by name, with their code.
fn parts(room: &str, place: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(place).unwrap_or_else(|error| panic!("`{room}`: {error}"));
    let paths = entries.map(|entry| entry.unwrap_or_else(|error| panic!("`{room}`: {error}")).path());
    let parts = paths.filter(|path| !path.ends_with("mod.rs")).filter_map(|path| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let code: String = rooms::files(&path).iter().map(|file| rooms::code(file)).collect();
        (!code.is_empty()).then_some((name, code))
    });
    parts.collect()
}

fn imports(code: &str, room: &str, name: &str) -> bool {
    assert!(!code.contains(&format!("crate::{room}::{{")), "import file by file: {code:.80}");
    rooms::names(code, &format!("{room}::{name}")) || rooms::names(code, &format!("super::{name}"))
}
