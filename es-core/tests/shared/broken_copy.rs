//! A copy of some packages of this workspace, broken by a fixture: a file name after `---`, then lines of a unified diff.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The copy, in a folder of its own.
pub(crate) struct BrokenCopy {
    pub(crate) folder: PathBuf,
    pub(crate) packages: &'static [&'static str],
}

impl BrokenCopy {
    /// Restores the packages in the copy, and then applies the fixture. Files that have not changed are not written, so that
    /// cargo does not build them again.
    pub(crate) fn broken_by(&self, fixture: &Path) {
        for package in self.packages {
            copy_folder(&root().join(package), &self.folder.join(package));
        }
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        let (before, rest) = manifest.split_once("members = [").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        put(&self.folder.join("Cargo.toml"), &format!("{before}members = {:?}{after}", self.packages));
        put(&self.folder.join("Cargo.lock"), &fs::read_to_string(root().join("Cargo.lock")).unwrap());
        self.apply(fixture);
    }

    fn apply(&self, fixture: &Path) {
        let diff = fs::read_to_string(fixture).unwrap();
        let (file, lines) = diff.strip_prefix("--- ").unwrap().split_once('\n').unwrap();
        let side = |mark| {
            let kept = lines.lines().filter(|line| line.starts_with([mark, ' ']));
            kept.map(|line| line[1..].to_owned() + "\n").collect::<String>()
        };
        let path = self.folder.join(file);
        let source = fs::read_to_string(&path).unwrap();
        let found = source.matches(&side('-')).count();
        assert_eq!(found, 1, "{} fits {found} places of {file}; make it fit the code of today", fixture.display());
        put(&path, &source.replace(&side('-'), &side('+')));
    }

    /// Runs `cargo test` in the copy.
    pub(crate) fn test(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--offline"]).args(arguments).current_dir(&self.folder);
        command.env("CARGO_TARGET_DIR", self.folder.join("target")).envs(environment.iter().copied());
        command.output().unwrap()
    }
}

/// The fixtures in a folder of this workspace, by name.
pub(crate) fn fixtures(folder: &str) -> Vec<PathBuf> {
    let mut fixtures: Vec<_> =
        fs::read_dir(root().join(folder)).unwrap().map(|fixture| fixture.unwrap().path()).collect();
    fixtures.sort();
    assert!(!fixtures.is_empty());
    fixtures
}

pub(crate) fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap().map(Result::unwrap) {
        match (from.join(entry.file_name()).exists(), entry.file_type().unwrap().is_dir()) {
            (true, _) => {}
            (false, true) => fs::remove_dir_all(entry.path()).unwrap(),
            (false, false) => fs::remove_file(entry.path()).unwrap(),
        }
    }
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&from, &to);
        } else if let Ok(text) = fs::read_to_string(&from) {
            put(&to, &text);
        }
    }
}

fn put(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).unwrap();
    }
}
