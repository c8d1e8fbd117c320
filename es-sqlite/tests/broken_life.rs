//! Each fixture in `broken-life` breaks a copy of the store in one way, and names the test that must fail for it.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

#[path = "../../es-core/tests/shared/broken_copy.rs"]
mod broken_copy;

use std::{fs, path::Path};

use broken_copy::{BrokenCopy, fixtures, text};

/// Precedes the name of the test's file and the name of the test.
const CAUGHT_BY: &str = "caught by ";

#[test]
fn every_broken_store_is_caught_by_the_test_that_its_fixture_names() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken-life");
    let packages = &["es-sqlite", "es-contract", "es-core", "es-derive", "es-memory", "es-testing"];
    let copy = BrokenCopy { folder, packages };
    for fixture in fixtures("es-sqlite/tests/broken-life") {
        let content = fs::read_to_string(&fixture).unwrap();
        let named = content.lines().find_map(|line| line.strip_prefix(CAUGHT_BY)).unwrap();
        let (file, name) = named.split_once(' ').unwrap();
        copy.broken_by(&fixture);
        let test = |arguments: &[&str]| copy.test(&[&["-p", "es-sqlite", "--test", file], arguments].concat(), &[]);
        let built = test(&["--no-run"]);
        assert!(built.status.success(), "{} does not build:\n{}", fixture.display(), text(&built.stderr));
        let run = test(&["--", "--exact", name]);
        let caught = format!("{name} ... FAILED");
        assert!(text(&run.stdout).contains(&caught), "{} was not caught:\n{}", fixture.display(), text(&run.stdout));
    }
}
