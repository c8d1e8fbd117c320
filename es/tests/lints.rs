//! Generated code causes no warning of clippy: `cargo clippy --all-targets` checks these files, and each denies `all`, `pedantic`
//! and `nursery`.

#[path = "ui/aggregate/pass/deprecated.rs"]
mod deprecated;
#[path = "ui/aggregate/pass/every_lint.rs"]
mod every_lint;
#[path = "ui/aggregate/pass/names_of_the_user.rs"]
mod names_of_the_user;

#[test]
fn the_passing_files_run() {
    deprecated::main();
    every_lint::main();
    names_of_the_user::main();
}
