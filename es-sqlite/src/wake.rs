//! Wakes those who wait for events: at once for appends of this store, and by a look at the file for those of others.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::watch;

use crate::{
    error::SqliteError,
    file::{error::SqliteOpenError, identity::Place},
    read::threads::join,
};

/// How often the file is looked at while somebody waits.
const LOOK: Duration = Duration::from_millis(4);

/// Wakes the tasks that wait. Clones wake the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Wake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    events: watch::Sender<()>,
    waiting: Mutex<usize>,
    begins: Condvar,
    closed: AtomicBool,
}

/// Waits for a wake-up. The file is looked at as long as one of these lives.
#[derive(Debug)]
pub(crate) struct Waiter {
    wake: Wake,
    events: watch::Receiver<()>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        let events = watch::Sender::new(());
        Self(Arc::new(Shared {
            events,
            waiting: Mutex::default(),
            begins: Condvar::new(),
            closed: AtomicBool::new(false),
        }))
    }

    /// Wakes all that wait.
    pub(crate) fn wake(&self) {
        if self.0.events.receiver_count() > 0 {
            self.0.events.send_replace(());
        }
    }

    /// Begins to wait: sees every wake-up from now on.
    pub(crate) fn waiter(&self) -> Waiter {
        let events = self.0.events.subscribe();
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.begins.notify_one();
        Waiter { wake: self.clone(), events }
    }

    /// How many tasks wait.
    pub(crate) fn waiting(&self) -> usize {
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread that looks at the file, and wakes all that wait.
    pub(crate) fn close(&self) {
        let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.closed.store(true, Ordering::SeqCst);
        drop(waiting);
        self.0.begins.notify_one();
        self.0.events.send_replace(());
    }

    /// Sleeps until somebody waits; false once the store is closed.
    fn is_needed(&self) -> bool {
        let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = || self.0.closed.load(Ordering::SeqCst);
        drop(self.0.begins.wait_while(waiting, |waiting| *waiting == 0 && !closed()));
        !closed()
    }
}

impl Waiter {
    /// Waits for the next wake-up since the last one.
    pub(crate) async fn wait(&mut self) -> Result<(), SqliteError> {
        // The sender lives as long as this waiter.
        let woken = self.events.changed().await;
        if woken.is_err() || self.wake.0.closed.load(Ordering::SeqCst) { Err(SqliteError::Closed) } else { Ok(()) }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        *self.wake.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

/// The thread that looks at the file.
#[derive(Debug)]
pub(crate) struct Watcher {
    wake: Wake,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Watcher {
    /// Starts the thread with a connection that never writes.
    pub(crate) fn start(wake: Wake, place: Place, connection: Connection) -> Result<Self, SqliteOpenError> {
        let watching = wake.clone();
        let thread = thread::Builder::new().name("es-sqlite-watch".to_owned());
        let thread = thread.spawn(move || watch(&watching, &place, &connection)).map_err(SqliteOpenError::Thread)?;
        Ok(Self { wake, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn close(&self) {
        self.wake.close();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            join(thread);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.close();
    }
}

/// Looks at the file while somebody waits, and wakes them when another connection has committed. When it cannot look, it wakes
/// them each time: their own reads tell them why.
fn watch(wake: &Wake, place: &Place, connection: &Connection) {
    let mut seen = None;
    while wake.is_needed() {
        let version = place.check().and_then(|()| data_version(connection));
        match version {
            Ok(version) if seen == Some(version) => {}
            Ok(version) => {
                seen = Some(version);
                wake.wake();
            }
            Err(error) => {
                tracing::debug!(%error, "the file cannot be looked at");
                wake.wake();
            }
        }
        thread::sleep(LOOK);
    }
}

/// A number that changes when another connection commits, also one of another process.
fn data_version(connection: &Connection) -> Result<i64, SqliteError> {
    Ok(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}
