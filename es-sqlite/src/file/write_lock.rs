//! The lock that the writers of several processes take in turn.
//!
//! SQLite's own lock is not fair: of two processes that write all the time one got four times as many turns. So each writer
//! first locks a file beside the log, on which the operating system queues those who wait.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
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
    /// Opens the lock file, or makes it with these rights, whatever the umask.
    pub(crate) fn open(path: &Path, rights: u32) -> io::Result<Self> {
        let file = match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
            Ok(file) => {
                file.set_permissions(Permissions::from_mode(rights))?;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new().write(true).open(path)?,
            Err(error) => return Err(error),
        };
        Ok(Self { file: Arc::new(file), path: path.to_owned(), waiting: None })
    }

    /// Waits for the lock, at most for `patience`.
    pub(crate) fn take(&mut self, patience: Duration) -> Result<Turn, SqliteError> {
        let waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => match self.file.try_lock() {
                Ok(()) => return Ok(Turn(Arc::clone(&self.file))),
                Err(TryLockError::WouldBlock) => self.wait()?,
                Err(TryLockError::Error(error)) => return Err(self.failed(error)),
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
