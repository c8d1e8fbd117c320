//! A wrong step in the expander is caught: each fixture in `wrong_steps` breaks a copy of it in one way, and names the test that
//! must fail for it.

#[path = "../../es-core/tests/shared/fixtures/mod.rs"]
mod fixtures;

use std::process::ExitCode;

use fixtures::Fixtures;

fn main() -> ExitCode {
    let fixtures = Fixtures {
        package: "schema-histories-tests",
        folder: "tests/wrong_steps",
        // The folders that the histories need.
        copied: &["es-core", "es-derive", "schema-histories", "schema-histories-tests"],
        one_of: 1,
        environment: &[("HISTORIES_COUNT", "40")],
    };
    fixtures.run()
}
