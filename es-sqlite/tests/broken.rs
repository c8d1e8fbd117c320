//! Each fixture in `broken` breaks a copy of the store in one way, and names the test that must fail for it. A tenth of them
//! is tested; `ES_FIRE=full` tests all.

#[path = "../../es-core/tests/shared/fixtures/mod.rs"]
mod fixtures;

use std::process::ExitCode;

use es_contract::{BrokenPromise, Effort};

use fixtures::Fixtures;

fn main() -> Result<ExitCode, BrokenPromise> {
    let tested = Effort::from_env()?.times(10);
    let fixtures = Fixtures {
        package: "es-sqlite",
        folder: "tests/broken",
        copied: &["es-contract", "es-core", "es-derive", "es-memory", "es-sqlite", "es-testing"],
        one_of: (10 / tested) as usize,
        environment: &[],
    };
    Ok(fixtures.run())
}
