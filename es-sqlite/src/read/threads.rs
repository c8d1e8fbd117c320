//! The threads that read. Each owns a connection; a task runs on whichever is idle, and holds no transaction afterwards.
//!
//! Short tasks run at once on the thread that asks: two changes of threads take longer than to read ten events.

use std::{
    error::Error,
    fmt,
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};
use es_core::{ReadError, ReadModelError, SnapshotError, StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    codec::row::RowDecoder,
    error::SqliteError,
    file::{error::SqliteOpenError, identity::Place, incarnation::KnownIncarnation},
};

/// How many threads read.
const THREADS: usize = 2;

/// What a task reads with.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) decoder: RowDecoder,
    pub(crate) incarnation: KnownIncarnation,
    place: Place,
}

/// The error of a task.
pub(crate) trait OfReader: Error + From<SqliteError> + Send + 'static {
    /// Whether SQLite was busy, as the error of the store says.
    fn is_busy(&self) -> bool {
        let store = self.source().and_then(|source| source.downcast_ref::<StoreError>());
        store.is_some_and(|error| error.kind() == StoreErrorKind::Busy)
    }
}

impl OfReader for ReadError {}

impl OfReader for SnapshotError {}

impl OfReader for ReadModelError {}

type Task = Box<dyn FnOnce(&mut Reader) + Send>;

/// The threads, until they are closed.
pub(crate) struct ReaderThreads {
    tasks: Mutex<Option<Sender<Task>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// For tasks that run on the thread that asks. `None` once the store is closed.
    here: Mutex<Option<Reader>>,
}

/// The answer of a task.
pub(crate) type Answer<T> = oneshot::Receiver<T>;

impl ReaderThreads {
    /// Starts the threads, each with a connection that `open` makes.
    pub(crate) fn start(
        place: &Place,
        open: impl Fn() -> Result<Connection, SqliteError>,
    ) -> Result<Self, SqliteOpenError> {
        let (sender, tasks) = crossbeam_channel::unbounded::<Task>();
        let failed = |source| SqliteOpenError::file(place.path(), source);
        let reader = || {
            let connection = open().map_err(failed)?;
            Ok::<_, SqliteOpenError>(Reader {
                connection,
                decoder: RowDecoder::default(),
                incarnation: KnownIncarnation::default(),
                place: place.clone(),
            })
        };
        let here = reader()?;
        // It must not wait for others, since that would block the thread that asks.
        here.connection.busy_timeout(Duration::ZERO).map_err(|error| failed(error.into()))?;
        let here = Mutex::new(Some(here));
        let threads = Self { tasks: Mutex::new(Some(sender)), threads: Mutex::default(), here };
        for number in 0..THREADS {
            let reader = reader()?;
            let tasks = tasks.clone();
            let thread = thread::Builder::new().name(format!("es-sqlite-read-{number}"));
            let thread = thread.spawn(move || run(reader, &tasks)).map_err(SqliteOpenError::Thread)?;
            threads.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(threads)
    }

    /// Starts `task` within a transaction that reads. It does not run when nobody waits for the answer any more.
    pub(crate) fn start_task<T, E>(
        &self,
        task: impl FnOnce(&mut Reader) -> Result<T, E> + Send + 'static,
    ) -> Answer<Result<T, E>>
    where
        T: Send + 'static,
        E: OfReader,
    {
        let (sender, answer) = oneshot::channel();
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        match &*tasks {
            Some(tasks) => {
                let task = move |reader: &mut Reader| {
                    if !sender.is_closed() {
                        // The receiver may be gone by now: then nobody needs the answer.
                        let _ = sender.send(reader.in_transaction(task));
                    }
                };
                // A channel whose threads have ended drops the task, which ends the wait with `Closed`.
                let _ = tasks.send(Box::new(task));
            }
            None => drop(sender.send(Err(SqliteError::Closed.into()))),
        }
        answer
    }

    /// Runs a short `task` on this thread; `None` when its connection is in use, or SQLite is busy.
    pub(crate) fn run_here<T, E: OfReader>(
        &self,
        task: impl FnOnce(&mut Reader) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let mut here = self.here.try_lock().ok()?;
        let answer = here.as_mut()?.in_transaction(task);
        (!matches!(&answer, Err(error) if error.is_busy())).then_some(answer)
    }

    /// Runs a short `task`, on this thread where that needs no wait.
    pub(crate) async fn run<T, E>(
        &self,
        task: impl Fn(&mut Reader) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: OfReader,
    {
        match self.run_here(&task) {
            Some(answer) => answer,
            None => answered(self.start_task(task)).await,
        }
    }

    /// Lets the tasks that were started end, and closes the connections.
    pub(crate) fn close(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.here.lock().unwrap_or_else(PoisonError::into_inner).take();
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            join(thread);
        }
    }
}

/// Waits for the answer of a task; its thread has ended when there is none.
pub(crate) async fn answered<T, E: From<SqliteError>>(answer: Answer<Result<T, E>>) -> Result<T, E> {
    answer.await.unwrap_or_else(|_| Err(SqliteError::Closed.into()))
}

/// Waits for the end of a thread, unless it is this one: the last handle of a store may be dropped on any thread.
pub(crate) fn join(thread: JoinHandle<()>) {
    if thread.thread().id() != thread::current().id() && thread.join().is_err() {
        tracing::error!("a thread of the store on SQLite has panicked");
    }
}

fn run(mut reader: Reader, tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        task(&mut reader);
    }
}

impl Reader {
    fn in_transaction<T, E: OfReader>(&mut self, task: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.place.check()?;
        self.execute("BEGIN")?;
        let answer = task(self);
        let ended = self.execute("COMMIT");
        let answer = answer?;
        ended?;
        Ok(answer)
    }

    fn execute(&self, sql: &str) -> Result<(), SqliteError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl fmt::Debug for ReaderThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderThreads").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lock_of_others_is_busy() {
        let locked = || SqliteError::Locked { waited: Duration::ZERO };
        assert!(ReadError::from(locked()).is_busy() && SnapshotError::from(locked()).is_busy());
        assert!(ReadModelError::from(locked()).is_busy() && !ReadModelError::from(SqliteError::Closed).is_busy());
        assert!(!ReadError::from(SqliteError::Closed).is_busy() && !SnapshotError::from(SqliteError::Closed).is_busy());
    }
}
