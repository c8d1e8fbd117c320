//! The rooms of the crate: imports name a room, and none names one above its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each room, and those that it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("event", &["event"]),
    ("aggregate", &["event", "aggregate"]),
    ("store", &["event", "store"]),
    ("repository", &["event", "aggregate", "store", "repository"]),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the room is a folder").map(|entry| entry.expect("it is listed").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_room_imports_only_what_is_below_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, below) in ROOMS {
        let mut imports = 0;
        for file in files(&source.join(room)) {
            let text = fs::read_to_string(&file).expect("it is text");
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for (above, _) in ROOMS.iter().filter(|(other, _)| !below.contains(other)) {
                assert!(!code.contains(&format!("{above}::")), "{} names the room `{above}`", file.display());
            }
            // rustfmt puts what is imported without a room first into the braces
            for path in code.split("crate::").skip(1).map(|path| path.trim_start_matches(['{', ' '])) {
                let known = below.iter().any(|room| path.starts_with(&format!("{room}::")));
                assert!(known, "{} imports without a room: `crate::{path:.40}`", file.display());
                imports += 1;
            }
        }
        assert!(imports > 0, "no file of `{room}` imports anything: is it looked at?");
    }
}
