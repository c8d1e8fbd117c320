//! The lock that the writers of several processes take in turn.
//!
//! SQLite's own lock is not fair: of two processes that write all the time one got four times as many turns. So each writer
//! first locks a file beside the log, on which the operating system queues those who wait.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io, mem,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::error::SqliteError;

/// A lock file that this store has open.
#[derive(Debug)]
pub(crate) struct WriteLock {
    file: Arc<File>,
    path: PathBuf,
    waiter: Arc<Waiter>,
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<File>);

/// The thread that waits for the lock, since a wait for this kind of lock cannot be ended.
#[derive(Debug, Default)]
struct Waiter {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Debug, Default)]
enum State {
    /// No thread waits.
    #[default]
    Idle,
    /// A thread waits for a writer.
    Wanted,
    /// A thread waits, and its writer has given up. It gives the lock back at once, unless a writer wants it by then.
    Unwanted,
    /// The thread has ended, with the lock or with an error.
    Answered(io::Result<()>),
}

impl WriteLock {
    /// Opens the lock file, or makes it with these rights, whatever the umask.
    pub(crate) fn open(path: &Path, rights: u32) -> io::Result<Self> {
        let file = match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
            Ok(file) => {
                file.set_permissions(Permissions::from_mode(rights))?;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let file = OpenOptions::new().write(true).open(path)?;
                // The rights of the log may have changed since. Only the owner can follow, so a failure is no error.
                if file.metadata()?.permissions().mode() & 0o777 != rights {
                    let _ = file.set_permissions(Permissions::from_mode(rights));
                }
                file
            }
            Err(error) => return Err(error),
        };
        Ok(Self { file: Arc::new(file), path: path.to_owned(), waiter: Arc::default() })
    }

    /// Takes the lock if nobody holds it, and no writer of this store waits for it.
    pub(crate) fn try_take(&self) -> Result<Option<Turn>, SqliteError> {
        let state = self.waiter.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Idle) { self.lock_now() } else { Ok(None) }
    }

    fn lock_now(&self) -> Result<Option<Turn>, SqliteError> {
        match self.file.try_lock() {
            Ok(()) => Ok(Some(Turn(Arc::clone(&self.file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.failed(error)),
        }
    }

    /// Waits for the lock, at most for `patience`.
    pub(crate) fn take(&self, patience: Duration) -> Result<Turn, SqliteError> {
        let mut state = self.waiter.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Idle) {
            match self.lock_now()? {
                Some(turn) => return Ok(turn),
                None => self.start_waiting()?,
            }
        }
        *state = State::Wanted;
        let is_wanted = |state: &mut State| matches!(state, State::Wanted);
        let waited = self.waiter.answered.wait_timeout_while(state, patience, is_wanted);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match mem::take(&mut *state) {
            State::Answered(Ok(())) => Ok(Turn(Arc::clone(&self.file))),
            State::Answered(Err(error)) => Err(self.failed(error)),
            State::Idle | State::Wanted | State::Unwanted => {
                *state = State::Unwanted;
                Err(SqliteError::Locked { waited: patience })
            }
        }
    }

    fn start_waiting(&self) -> Result<(), SqliteError> {
        let (file, waiter) = (Arc::clone(&self.file), Arc::clone(&self.waiter));
        let wait = move || waiter.answer(&file, file.lock());
        let thread = thread::Builder::new().name("es-sqlite-lock".to_owned()).spawn(wait);
        thread.map(drop).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> SqliteError {
        SqliteError::Io { path: self.path.clone(), source }
    }
}

impl Waiter {
    /// Passes the lock to the writer that waits. Without one, gives it back, or no other process could write until this store
    /// appends again.
    fn answer(&self, file: &File, locked: io::Result<()>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Wanted) {
            *state = State::Answered(locked);
            self.answered.notify_one();
            return;
        }
        *state = State::Idle;
        if let Err(error) = locked.and_then(|()| file.unlock()) {
            tracing::warn!(%error, "the lock of the writers was not taken or cannot be given back");
        }
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // A thread that waits still gives the lock back once it has it.
        *self.waiter.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Unwanted;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of the writers cannot be given back; others wait until this store is closed");
        }
    }
}
