//! The program of the README: it is the one that is run here, and a second run finds what the first stored.

#![cfg(feature = "sqlite")]

use std::{
    env,
    io::{self, Write},
    process::Command,
};

#[expect(clippy::print_stdout, reason = "the README's program prints")]
mod program {
    include!("program.rs");

    pub(super) fn run() -> Result<(), Box<dyn std::error::Error>> {
        main()
    }
}

/// Set in a process that runs the program in its current folder.
const CHILD: &str = "ES_README_CHILD";

#[test]
fn the_program_of_the_readme_goes_on_where_it_ended() -> Result<(), Box<dyn std::error::Error>> {
    if env::var_os(CHILD).is_some() {
        program::run()?;
        return Ok(io::stdout().flush()?);
    }
    let folder = tempfile::tempdir()?;
    for says in ["70 at version 2", "140 at version 4"] {
        let run = Command::new(env::current_exe()?)
            .args(["--exact", "the_program_of_the_readme_goes_on_where_it_ended", "--nocapture"])
            .current_dir(&folder)
            .env(CHILD, "1")
            .output()?;
        let text = String::from_utf8(run.stdout)? + &String::from_utf8(run.stderr)?;
        assert!(run.status.success() && text.lines().any(|line| line.ends_with(says)), "{text}");
        assert!(include_str!("../../../README.md").contains(&format!("`{says}`")), "the README does not say `{says}`");
    }
    Ok(())
}

#[test]
fn the_readme_shows_the_program() {
    let shown = include_str!("../../../README.md").split("```").find_map(|block| block.strip_prefix("rust\n"));
    assert_eq!(shown, Some(include_str!("program.rs")));
}
