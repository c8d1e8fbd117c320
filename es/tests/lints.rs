//! What the macros write gives no warning of clippy's either: `cargo clippy --all-targets` reads the files that pass, and
//! each denies `all`, `pedantic` and `nursery` for itself.

#[path = "ui/aggregate/pass/deprecated.rs"]
mod deprecated;
#[path = "ui/aggregate/pass/every_lint.rs"]
mod every_lint;
#[path = "ui/aggregate/pass/names_of_the_user.rs"]
mod names_of_the_user;

#[test]
fn the_files_do_what_they_say() {
    deprecated::main();
    every_lint::main();
    names_of_the_user::main();
}
