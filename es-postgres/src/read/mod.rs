//! Reads streams and the whole log in pages, by keyset pagination and in bounded memory.
//!
//! The first page is read over a few connections that all readers share and pipeline, so a short stream takes one round
//! trip. Later pages are read over the pool, one page ahead of the caller. When the log is read forward to its end, and not by category
//! alone, two windows of positions are read at once. No connection is held while the caller does not take a page.

mod all;
mod cursor;
pub(crate) mod error;
pub(crate) mod frontier;
pub(crate) mod log_state;
pub(crate) mod open_readers;
mod page;
mod prefetch;
mod reader;
mod row;
mod stream;

pub(crate) use cursor::Cursor;
pub(crate) use page::Pager;
pub(crate) use reader::Reader;
