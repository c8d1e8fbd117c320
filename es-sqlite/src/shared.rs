//! What the clones of a store share.

use std::sync::Arc;

use es_core::{Direction, HandlerGuard, ReadError};
use uuid::Uuid;

use crate::{
    append::{queue::Queue, writer::Clock},
    asides::Asides,
    file::{connection::Settings, identity::Place},
    read::{
        open_readers::OpenReaders,
        stream::{StreamCursor, StreamPage},
        threads::ReaderThreads,
    },
    wake::{Wake, Watcher},
};

/// What the clones of a store share.
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) settings: Settings,
    pub(crate) incarnation: Uuid,
    pub(crate) clock: Clock,
    /// Refuses appends by a projection in a transaction of the store.
    pub(crate) guard: Arc<HandlerGuard>,
    /// `None` for a store that only reads.
    pub(crate) queue: Option<Queue>,
    pub(crate) readers: Arc<ReaderThreads>,
    pub(crate) watcher: Watcher,
    pub(crate) wake: Wake,
    pub(crate) open: OpenReaders,
    pub(crate) asides: Asides,
}

impl Shared {
    /// Lets what was begun end, and closes the connections.
    pub(crate) fn close(&self) {
        self.asides.close();
        self.watcher.close();
        self.readers.close();
        // The last connection to be closed copies the write-ahead log into the file.
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }

    /// Reads a page of a stream on this thread; `None` when that would have to wait.
    ///
    /// The connection of the writer is tried first: a commit of another connection empties the cache of a connection, and most
    /// commits are its own.
    pub(crate) fn read_here(&self, cursor: &StreamCursor, size: usize) -> Option<Result<StreamPage, ReadError>> {
        let queue = self.queue.as_ref().filter(|_| cursor.direction == Direction::Forward);
        let read =
            queue.and_then(|queue| queue.read_here(|connection, decoder| cursor.read(connection, decoder, size)));
        let read_aside = || self.readers.run_here(|reader| cursor.read(&reader.connection, &mut reader.decoder, size));
        read.or_else(read_aside)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}
