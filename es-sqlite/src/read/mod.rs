//! The room of reading: two threads that read pages, so that neither a slow disk nor a slow consumer blocks anybody else.

pub(crate) mod all;
pub(crate) mod open_readers;
pub(crate) mod pages;
pub(crate) mod stream;
pub(crate) mod threads;
