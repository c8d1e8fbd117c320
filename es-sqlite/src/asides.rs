//! Tasks with a connection of their own, such as a backup: a store that is closed waits for them.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::error::SqliteError;

/// The tasks that run. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asides(Arc<State>);

#[derive(Debug, Default)]
struct State {
    running: Mutex<Running>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    count: usize,
    closed: bool,
}

/// Counts as a running task until it is dropped.
#[derive(Debug)]
pub(crate) struct Aside(Arc<State>);

impl Asides {
    /// Begins a task; fails once the store is closed.
    pub(crate) fn begin(&self) -> Result<Aside, SqliteError> {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.closed {
            return Err(SqliteError::Closed);
        }
        running.count += 1;
        Ok(Aside(Arc::clone(&self.0)))
    }

    /// Lets no other task begin, and waits for those that run.
    pub(crate) fn close(&self) {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.closed = true;
        drop(self.0.ended.wait_while(running, |running| running.count > 0));
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).count -= 1;
        self.0.ended.notify_all();
    }
}
