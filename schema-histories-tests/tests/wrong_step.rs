//! A wrong step in the expander is caught: each fixture in `wrong_steps` breaks a copy of it in one way.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

#[path = "../../es-core/tests/shared/broken_copy.rs"]
mod broken_copy;

use std::path::Path;

use broken_copy::{BrokenCopy, fixtures, text};

const HELD_AGAINST: &str = "every_version_of_every_event_decodes_as_the_reference_does";

#[test]
fn a_wrong_step_in_the_expander_is_caught() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong-step");
    // The folders that the histories need.
    let copy = BrokenCopy { folder, packages: &["es-core", "es-derive", "schema-histories", "schema-histories-tests"] };
    let test = |arguments: &[&str]| {
        let decoding = ["-p", "schema-histories-tests", "--test", "decoding"];
        copy.test(&[&decoding, arguments].concat(), &[("HISTORIES_COUNT", "40")])
    };
    for fixture in fixtures("schema-histories-tests/tests/wrong_steps") {
        copy.broken_by(&fixture);
        let built = test(&["--no-run"]);
        assert!(built.status.success(), "{} does not build:\n{}", fixture.display(), text(&built.stderr));
        let run = test(&["--", "--exact", HELD_AGAINST]);
        let caught = format!("{HELD_AGAINST} ... FAILED");
        assert!(text(&run.stdout).contains(&caught), "{} was not caught:\n{}", fixture.display(), text(&run.stdout));
    }
}
