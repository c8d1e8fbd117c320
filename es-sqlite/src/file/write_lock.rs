//! The lock that the writers of several processes take in turn.
//!
//! SQLite's own lock is not fair: of two processes that write all the time one got four times as many turns. So each writer
//! first locks a file beside the log, on which the operating system queues those who wait.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use crate::error::SqliteError;

/// A lock file that this store has open.
#[derive(Debug)]
pub(crate) struct WriteLock {
    file: Arc<File>,
    path: PathBuf,
    /// A thread that waits for the lock, from an attempt that ran out of time.
    waiting: Option<mpsc::Receiver<io::Result<()>>>,
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<File>);

impl WriteLock {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(path)?;
        Ok(Self { file: Arc::new(file), path: path.to_owned(), waiting: None })
    }

    /// Takes the lock if nobody holds it or waits for it in this store.
    pub(crate) fn try_take(&mut self) -> Result<Option<Turn>, SqliteError> {
        if self.waiting.is_some() {
            return Ok(None);
        }
        match self.file.try_lock() {
            Ok(()) => Ok(Some(Turn(Arc::clone(&self.file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.failed(error)),
        }
    }

    /// Waits for the lock, at most for `patience`.
    pub(crate) fn take(&mut self, patience: Duration) -> Result<Turn, SqliteError> {
        let waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => match self.try_take()? {
                Some(turn) => return Ok(turn),
                None => self.wait()?,
            },
        };
        match waiting.recv_timeout(patience) {
            Ok(Ok(())) => Ok(Turn(Arc::clone(&self.file))),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.waiting = Some(waiting);
                Err(SqliteError::Locked { waited: patience })
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(self.failed(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits in a thread, since a wait for this kind of lock cannot be ended.
    fn wait(&self) -> Result<mpsc::Receiver<io::Result<()>>, SqliteError> {
        let (sender, waiting) = mpsc::channel();
        let file = Arc::clone(&self.file);
        let wait = move || {
            let locked = file.lock();
            if sender.send(locked).is_err() {
                // Nobody waits any more. Closing the file gives the lock back, too; this does it at once.
                let _ = file.unlock();
            }
        };
        let thread = thread::Builder::new().name("es-sqlite-lock".to_owned()).spawn(wait);
        thread.map_err(|error| self.failed(error))?;
        Ok(waiting)
    }

    fn failed(&self, source: io::Error) -> SqliteError {
        SqliteError::Io { path: self.path.clone(), source }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of the writers cannot be given back; others wait until this store is closed");
        }
    }
}
