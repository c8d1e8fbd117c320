//! Reading: pages by keyset, in bounded memory.
//!
//! The first page goes over a few connections that all readers share, pipelined, so a short stream is read in one
//! round trip. What comes after it goes over the pool, a page at a time and one page ahead of who takes them; of a log that
//! is read whole, two windows of positions at once. No connection is held while nobody takes a page.

mod all;
mod cursor;
pub(crate) mod error;
pub(crate) mod frontier;
pub(crate) mod log;
pub(crate) mod open_readers;
mod page;
mod prefetch;
mod reader;
mod row;
mod stream;

pub(crate) use cursor::Cursor;
pub(crate) use page::Pager;
pub(crate) use reader::Reader;
