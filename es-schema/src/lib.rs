//! Checks that a program still reads every stored event. For tests and tools: a production binary compiles `es-core` alone.
//!
//! Applications name the facade `es`, whose features `testing` and `schema` bring this; this crate is for authors
//! of tools. It works on the descriptions in `es_core::schema` that `derive(Event)` writes.
//!
//! # Layout
//! `lock` is a committed text with every shape of every stored event, and the check that compares a program with it;
//! `contents` is such a text as data; `corpus` keeps stored payloads, each beside the value that it decodes to today.

pub mod corpus;
mod lock;

pub use corpus::Corpus;
#[doc(no_inline)]
pub use es_core::schema::{Aggregates, VisitAggregate};
#[doc(hidden)]
pub use lock::ADVISED;
pub use lock::{Lock, LockError, Update, contents};
