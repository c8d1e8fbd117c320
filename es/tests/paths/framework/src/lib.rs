//! A crate that has `es` inside.

pub use es;
