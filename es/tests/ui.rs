//! The code that the macros accept, and their messages for code that they refuse: `ui/<macro>/pass` and `ui/<macro>/fail`.
//! `ui/store` has the messages for authors of stores.
//!
//! To run one file: `cargo test -p es --test ui -- macros trybuild=missing_apply`. After changing a message or adding a file, run
//! the same with `TRYBUILD=overwrite`, and read the new text as a newcomer would.
//!
//! With the feature `testing`, rustc's help also lists the events of that crate. The snapshots are for builds without it, and
//! `./test` runs this file so.
#![cfg(not(any(feature = "testing", feature = "postgres")))]

// Two tests: without a file that has to pass, trybuild checks all other files in one call of cargo.

#[test]
fn macros_accept_what_they_should() {
    trybuild::TestCases::new().pass("tests/ui/*/pass/*.rs");
}

#[test]
fn macros_explain_each_refusal() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/fail/*.rs");
}
