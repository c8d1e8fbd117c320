//! Random histories of events: their source, their payloads, and what each payload must decode to.
//!
//! A [`History`] is drawn version by version, from the oldest to today's. From it comes Rust source for `derive(Event)`
//! ([`source`]), payloads of every schema version ([`payload`]), and the value that each must decode to, computed
//! without a macro by taking the steps one by one on JSON values ([`mod@reference`]).
//!
//! # Layout
//! `dice` (random choices) · `ty`, `stored_form`, `conversion`, `added` (the parts of a field) · `history` (the model) ·
//! `random` (draws it) · `source` (prints it) · `payload` · `reference`

mod added;
mod conversion;
mod dice;
mod history;
pub mod payload;
mod random;
pub mod reference;
pub mod source;
mod stored_form;
mod ty;

pub use added::Added;
pub use conversion::Conversion;
pub use dice::Dice;
pub use history::{Alias, Era, Form, Generation, History, Life, Link, Origin, ShapeField};
pub use random::histories;
pub use stored_form::{Absent, Codec, StoredForm};
pub use ty::Ty;
