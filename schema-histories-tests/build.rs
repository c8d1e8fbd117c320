//! Writes the source of the histories.

use std::{env, error::Error, fs, path::PathBuf};

/// The default of `HISTORIES_SEED`.
const SEED: u64 = 1;
/// The number of events.
const COUNT: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let seed = env::var("HISTORIES_SEED").map_or(Ok(SEED), |seed| seed.parse())?;
    let count = env::var("HISTORIES_COUNT").map_or(Ok(COUNT), |count| count.parse())?;
    let source = schema_histories::source::source(&schema_histories::histories(seed, count));
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("histories.rs"), source)?;
    println!("cargo::rustc-env=HISTORIES_SEED={seed}");
    println!("cargo::rustc-env=HISTORIES_COUNT={count}");
    println!("cargo::rerun-if-env-changed=HISTORIES_SEED");
    println!("cargo::rerun-if-env-changed=HISTORIES_COUNT");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
