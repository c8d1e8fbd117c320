//! Each fixture in `faults` breaks a copy of the core in one way, and names the test that must fail for it.

#[path = "shared/fixtures/mod.rs"]
mod fixtures;

use std::process::ExitCode;

use fixtures::Fixtures;

fn main() -> ExitCode {
    let fixtures = Fixtures {
        package: "es-core",
        folder: "tests/faults",
        copied: &["es-core", "es-derive"],
        one_of: 1,
        environment: &[],
    };
    fixtures.run()
}
