//! The room of reading: two threads that read pages, so that neither a slow disk nor a slow consumer blocks anybody else.

pub(crate) mod all;
pub(crate) mod log_pages;
pub(crate) mod open_readers;
pub(crate) mod read_models;
mod sizes;
pub(crate) mod stream;
pub(crate) mod stream_pages;
pub(crate) mod threads;
