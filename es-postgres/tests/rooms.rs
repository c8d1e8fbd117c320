//! The rooms of the crate: imports name a room, none names one above its own, and no files import each other in a circle.

#[path = "../../es-core/tests/shared/rooms.rs"]
mod rooms;

use std::{fs, path::Path};

/// Each room, and the rooms that it may import.
const ROOMS: &[rooms::Room] = &[
    ("server", &["server"]),
    ("read", &["server", "read"]),
    ("subscribe", &["server", "read", "subscribe"]),
    ("append", &["server", "read", "subscribe", "append"]),
    ("migrate", &["server"]),
    ("protection", &["server"]),
    ("snapshot", &["server"]),
    ("read_model", &["server", "read", "read_model"]),
    ("table", &["server", "read_model", "table"]),
];

/// A file: the path of its module, and the paths that it imports or names.
struct File {
    module: Vec<String>,
    imports: Vec<Vec<String>>,
}

#[test]
fn a_room_imports_only_what_is_below_it() {
    let faults = rooms::faults(env!("CARGO_MANIFEST_DIR"), ROOMS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    for (room, _) in ROOMS {
        let faults = circles(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), room);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn circles_are_found_in_folders_and_in_braces() {
    let found = |files: &[(&str, &str)]| {
        let src = std::env::temp_dir().join(format!("es-rooms-{}", std::process::id()));
        let room = src.join("room");
        fs::create_dir_all(room.join("sub")).expect("the folder is made");
        fs::write(room.join("sub").join("mod.rs"), "pub(crate) use one::One;").expect("the file is written");
        for (name, code) in files {
            fs::write(room.join(name), code).expect("the file is written");
        }
        let faults = circles(&src, "room");
        fs::remove_dir_all(&src).expect("the folder is removed");
        faults
    };
    let one = ("sub/one.rs", "use crate::room::sub::two::Two;");
    assert_eq!(found(&[one, ("sub/two.rs", "use std::fmt;")]), [""; 0]);
    let in_folder = ["a circle in `room::sub`, or above one: room::sub::one, room::sub::two"];
    for two in ["use super::one::One;", "use super::{one::One};", "use crate::room::{sub::{self, one::One}};"] {
        assert_eq!(found(&[one, ("sub/two.rs", two)]), in_folder, "{two}");
    }
    let in_room = ["a circle in `room`, or above one: room::sub, room::top"];
    let two = ("sub/two.rs", "fn two() -> super::super::top::Top {}");
    assert_eq!(found(&[two, ("top.rs", "use super::sub::{One, Two};")]), in_room);
    let own_folder = ["`room::sub::two` imports `crate::room::sub::One` from its own folder; name the file"];
    assert_eq!(found(&[("sub/two.rs", "use crate::room::sub::One;")]), own_folder);
}

/// The circles of a room and of its folders, and the imports from which the file cannot be told.
fn circles(src: &Path, room: &str) -> Vec<String> {
    let place = src.join(room);
    if !place.is_dir() {
        return Vec::new();
    }
    let files: Vec<File> = rooms::files(&place).iter().map(|path| File::read(src, path)).collect();
    let mut faults = Vec::new();
    for file in &files {
        for import in &file.imports {
            let folder = deepest(&files, import);
            if !folder.is_empty() && folder.len() < import.len() && is_inside(&file.module, folder) {
                let (module, import) = (file.module.join("::"), import.join("::"));
                faults.push(format!("`{module}` imports `crate::{import}` from its own folder; name the file"));
            }
        }
    }
    let mut folders: Vec<&[String]> =
        files.iter().flat_map(|file| (1..file.module.len()).map(|depth| &file.module[..depth])).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        let mut left: Vec<&[String]> = files
            .iter()
            .filter(|file| is_inside(&file.module, folder))
            .map(|file| &file.module[..=folder.len()])
            .collect();
        left.sort();
        left.dedup();
        // Remove parts that import no other part that is left. What cannot be removed is a circle, or imports one.
        let imports_none = |part: &[String], left: &[&[String]]| {
            let own = files.iter().filter(|file| file.module.starts_with(part));
            let mut targets = own.flat_map(|file| &file.imports).map(|import| deepest(&files, import));
            !targets.any(|target| left.iter().any(|other| *other != part && target.starts_with(other)))
        };
        while let Some(last) = left.iter().position(|part| imports_none(part, &left)) {
            left.remove(last);
        }
        if !left.is_empty() {
            let names: Vec<String> = left.iter().map(|part| part.join("::")).collect();
            faults.push(format!("a circle in `{}`, or above one: {}", folder.join("::"), names.join(", ")));
        }
    }
    faults
}

fn is_inside(module: &[String], folder: &[String]) -> bool {
    module.len() > folder.len() && module.starts_with(folder)
}

/// The module that a path leads to: the longest beginning that is one.
fn deepest<'a>(files: &[File], path: &'a [String]) -> &'a [String] {
    let is_module = |length: &usize| files.iter().any(|file| file.module.starts_with(&path[..*length]));
    &path[..(0..=path.len()).rev().find(is_module).unwrap_or(0)]
}

impl File {
    fn read(src: &Path, path: &Path) -> Self {
        let inside = path.strip_prefix(src).expect("the file is in the crate").with_extension("");
        let mut module: Vec<String> =
            inside.iter().map(|name| name.to_str().expect("the name is text").to_owned()).collect();
        module.retain(|name| name != "mod");
        let code = rooms::code(path);
        // A module of tests inside the file imports the file itself by `super`.
        let code = code.split("mod tests {").next().unwrap_or_default();
        let mut imports = Vec::new();
        for prefix in ["crate::", "super::"] {
            for (at, _) in code.match_indices(prefix) {
                if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':') {
                    continue;
                }
                let mut rest = &code[at..];
                let mut base = module.clone();
                if let Some(after) = rest.strip_prefix("crate::") {
                    (rest, base) = (after, Vec::new());
                }
                while let Some(after) = rest.strip_prefix("super::") {
                    rest = after;
                    base.pop();
                }
                paths(&base, rest, &mut imports);
            }
        }
        Self { module, imports }
    }
}

/// Adds the paths that `code` begins with, below `base`: one, or those in braces. Returns the code behind them.
fn paths<'a>(base: &[String], code: &'a str, found: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = paths(base, rest, found).trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after.trim_start(),
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    if name.is_empty() {
        return rest.trim_start_matches('*');
    }
    let mut path = base.to_vec();
    if name != "self" {
        path.push(name.to_owned());
    }
    if let Some(rest) = rest.strip_prefix("::") {
        paths(&path, rest, found)
    } else {
        found.push(path);
        rest
    }
}
