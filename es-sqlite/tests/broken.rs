//! Each fixture in `broken` breaks a copy of the store in one way, and names the test that must fail for it. A tenth of them
//! runs; `ES_FIRE=full` runs all.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

#[path = "../../es-core/tests/shared/broken_copy.rs"]
mod broken_copy;

use std::{fs, path::Path};

use broken_copy::{BrokenCopy, fixtures, text};
use es_contract::Effort;

/// Precedes the name of the test's file and the name of the test.
const CAUGHT_BY: &str = "caught by ";

#[test]
fn every_broken_store_is_caught_by_the_test_that_its_fixture_names() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken");
    let packages = &["es-contract", "es-core", "es-derive", "es-memory", "es-sqlite", "es-testing"];
    let copy = BrokenCopy { folder, packages };
    let one_of = 10 / Effort::from_env().unwrap().times(10);
    let mut missed = Vec::new();
    for (number, fixture) in (0..).zip(&fixtures("es-sqlite/tests/broken")) {
        let content = fs::read_to_string(fixture).unwrap();
        let named = content.lines().find_map(|line| line.strip_prefix(CAUGHT_BY)).unwrap();
        let (file, name) = named.split_once(' ').unwrap();
        // Every fixture must fit the code.
        copy.broken_by(fixture);
        if number % one_of != 0 {
            continue;
        }
        let run = copy.test(&["-p", "es-sqlite", "--test", file, "--", "--exact", name], &[]);
        let (out, err) = (text(&run.stdout), text(&run.stderr));
        assert!(out.contains("running 1 test"), "{} does not build, or names no test:\n{err}", fixture.display());
        if !out.contains(&format!("{name} ... FAILED")) {
            missed.push(format!("{} was not caught:\n{out}", fixture.display()));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
