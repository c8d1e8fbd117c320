//! A wrong step in the expander is caught: the fixtures in `wrong_steps` break a copy of it, one way each.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const HELD_AGAINST: &str = "every_version_of_every_event_decodes_as_the_reference_does";

/// The packages that the histories need.
const PACKAGES: [&str; 4] = ["es-core", "es-derive", "histories", "histories-compiled"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn a_wrong_step_in_the_expander_is_caught() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong-step");
    let fixtures = fs::read_dir(root().join("histories-compiled/tests/wrong_steps")).unwrap();
    let mut fixtures: Vec<_> = fixtures.map(|fixture| fixture.unwrap().path()).collect();
    fixtures.sort();
    assert!(!fixtures.is_empty());
    for fixture in fixtures {
        copy_workspace(&copy);
        break_expander(&copy, &fixture);
        let built = cargo(&copy, &["--no-run"]);
        assert!(built.status.success(), "{} does not build:\n{}", fixture.display(), text(&built.stderr));
        let run = cargo(&copy, &["--", "--exact", HELD_AGAINST]);
        let caught = format!("{HELD_AGAINST} ... FAILED");
        assert!(text(&run.stdout).contains(&caught), "{} was not caught:\n{}", fixture.display(), text(&run.stdout));
    }
}

fn cargo(copy: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--offline", "-p", "histories-compiled", "--test", "decoding"]).args(arguments);
    command.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target")).env("HISTORIES_COUNT", "40");
    command.output().unwrap()
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Makes `copy` hold the packages as they are; what is the same already is left alone, so that cargo sees it.
fn copy_workspace(copy: &Path) {
    for package in PACKAGES {
        copy_folder(&root().join(package), &copy.join(package));
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (before, rest) = manifest.split_once("members = [").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    put(&copy.join("Cargo.toml"), &format!("{before}members = {PACKAGES:?}{after}"));
    put(&copy.join("Cargo.lock"), &fs::read_to_string(root().join("Cargo.lock")).unwrap());
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
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

/// Applies a fixture: the file behind `---`, then lines of a unified diff.
fn break_expander(copy: &Path, fixture: &Path) {
    let diff = fs::read_to_string(fixture).unwrap();
    let (file, lines) = diff.strip_prefix("--- ").unwrap().split_once('\n').unwrap();
    let side = |mark| {
        let kept = lines.lines().filter(|line| line.starts_with([mark, ' ']));
        kept.map(|line| line[1..].to_owned() + "\n").collect::<String>()
    };
    let path = copy.join(file);
    let source = fs::read_to_string(&path).unwrap();
    let found = source.matches(&side('-')).count();
    assert_eq!(found, 1, "{} fits {found} places of {file}; make it fit the expander of today", fixture.display());
    put(&path, &source.replace(&side('-'), &side('+')));
}
