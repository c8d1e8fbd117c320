//! Holds stored events to what a program reads. For tests and tools: a production binary compiles `es-core` alone.
//!
//! Applications name the facade `es`, whose features `testing` and `schema` bring this; this crate is for those who write
//! tools. It works on what `derive(Event)` describes in `es_core::schema`.
//!
//! # Layout
//! `lock` is a committed text with every shape of every stored event, and the check that compares a program with it;
//! `contents` what such a text says, as data; `corpus` stored payloads beside what they are today.

pub mod corpus;
mod lock;

pub use corpus::Corpus;
#[doc(no_inline)]
pub use es_core::schema::{Aggregates, VisitAggregate};
#[doc(hidden)]
pub use lock::ADVISED;
pub use lock::{Lock, LockError, Update, contents};
