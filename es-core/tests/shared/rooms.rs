//! Checks the rooms of a crate: imports name a room, and no file imports a room above its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A room, which is a folder or a file of `src`, and the rooms that it may import.
pub(crate) type Room = (&'static str, &'static [&'static str]);

/// Lists the imports that break the rules, for these rooms of the crate in `folder`.
pub(crate) fn faults(folder: &str, rooms: &[Room]) -> Vec<String> {
    let mut faults = Vec::new();
    for (room, below) in rooms {
        let mut imports = 0;
        for file in files(&place(folder, room)) {
            let code = code(&file);
            let file = file.display();
            for (above, _) in rooms.iter().filter(|(other, _)| !below.contains(other)) {
                if names(&code, above) {
                    faults.push(format!("{file} names the room `{above}`"));
                }
            }
            // rustfmt sorts items that are imported without a room first.
            for path in code.split("crate::").skip(1).map(|path| path.trim_start_matches(['{', ' '])) {
                if !below.iter().any(|room| path.starts_with(&format!("{room}::"))) {
                    faults.push(format!("{file} imports without a room: `crate::{path:.40}`"));
                }
                imports += 1;
            }
        }
        if imports == 0 {
            faults.push(format!("no file of `{room}` imports anything: is it looked at?"));
        }
    }
    faults
}

/// The folder or the file of a room.
pub(crate) fn place(folder: &str, room: &str) -> PathBuf {
    let place = Path::new(folder).join("src").join(room);
    if place.is_dir() { place } else { place.with_extension("rs") }
}

/// The files of a room, also in subfolders.
pub(crate) fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries =
        fs::read_dir(place).expect("the room is a folder or a file").map(|entry| entry.expect("it is listed"));
    let files = entries.flat_map(|entry| files(&entry.path()));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The lines of a file that are not comments.
pub(crate) fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("it is text");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect()
}

/// Whether a path in `code` goes through the module `name`.
pub(crate) fn names(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let begins_a_word = |at: usize| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
    code.match_indices(&path).any(|(at, _)| begins_a_word(at))
}
