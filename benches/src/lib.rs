//! What es costs, against the same thing written by hand.
//!
//! `cargo bench -p benches` measures; each bench says what it compares.
