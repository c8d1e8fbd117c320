//! What the macros accept, and the messages they teach with: `ui/<macro>/pass` and `ui/<macro>/fail`. `ui/store` is what a
//! store and one around it have to say.
//!
//! One file: `cargo test -p es --test ui -- macros trybuild=missing_apply`. After a message was changed on purpose, or a new
//! file was added: the same with `TRYBUILD=overwrite`, and then read what was written as a newcomer would.
//!
//! With the feature `testing` rustc's help also lists that crate's own events; what a newcomer sees is held without it,
//! and `./test` runs this file so.
#![cfg(not(any(feature = "testing", feature = "postgres")))]

// Two tests: without a file that is to pass, trybuild checks all the others in one call of cargo, side by side.

#[test]
fn macros_accept_what_they_should() {
    trybuild::TestCases::new().pass("tests/ui/*/pass/*.rs");
}

#[test]
fn macros_teach_where_they_do_not_accept() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/fail/*.rs");
}
