//! What the macros accept, and the messages they teach with: `ui/<macro>/pass` and `ui/<macro>/fail`. `ui/store` is what a
//! store and one around it have to say.
//!
//! One file: `cargo test -p es --test ui -- macros trybuild=missing_apply`. After a message was changed on purpose, or a new
//! file was added: the same with `TRYBUILD=overwrite`, and then read what was written as a newcomer would.
//!
//! With the feature `testing` rustc's help also lists that crate's own events; what a newcomer sees is held without it,
//! and `./test` runs this file so.
#![cfg(not(any(feature = "testing", feature = "postgres")))]

#[test]
fn macros_accept_what_they_should_and_teach_where_they_do_not() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/*/pass/*.rs");
    cases.compile_fail("tests/ui/*/fail/*.rs");
}
