//! The builder of a store: its settings, and the start of its threads.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use es_core::{HandlerGuard, Timestamp};
use tokio::sync::oneshot;

use crate::{
    append::{
        batch_limits::BatchLimits,
        queue::Queue,
        writer::{Clock, WriterParts},
    },
    asides::Asides,
    file::{
        connection::{self, Settings},
        error::SqliteOpenError,
        incarnation,
        open::{Opened, Request, open},
        synchronous::Synchronous,
    },
    read::{open_readers::OpenReaders, threads::ReaderThreads},
    shared::Shared,
    store::SqliteStore,
    table::tx::SqliteTx,
    wake::{Wake, Watcher},
};

/// The shortest and the longest time that a writer waits for others.
const WAIT: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(24);
/// The smallest and the largest cache of a connection.
const CACHE: std::ops::RangeInclusive<usize> = 64 * 1024..=1024 * 1024 * 1024;

/// The settings of a [`SqliteStore`]; [`SqliteStore::builder`] makes one.
///
/// ```no_run
/// # use es_sqlite::{SqliteOpenError, SqliteStore};
/// # use std::time::Duration;
/// # async fn example() -> Result<(), SqliteOpenError> {
/// let store = SqliteStore::builder("bank.db")
///     .cache_bytes(8 * 1024 * 1024)
///     .lock_timeout(Duration::from_secs(2))
///     .open()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing happens before `open`"]
pub struct SqliteBuilder {
    path: PathBuf,
    settings: Settings,
    limits: BatchLimits,
    clock: Clock,
    migrate: bool,
    restored: bool,
    allow_network: bool,
}

impl SqliteBuilder {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            settings: Settings {
                synchronous: Synchronous::default(),
                cache_bytes: 2 * 1024 * 1024,
                busy_timeout: Duration::from_secs(5),
                read_only: false,
                checkpoints: true,
            },
            limits: BatchLimits::new(),
            clock: Arc::new(Timestamp::now),
            migrate: true,
            restored: false,
            allow_network: false,
        }
    }

    /// Sets how much of an append is on the disk when it is answered; the default is [`Synchronous::Full`].
    ///
    /// ```
    /// # use es_sqlite::{SqliteStore, Synchronous};
    /// let builder = SqliteStore::builder("cache.db").synchronous(Synchronous::LosesLastEventsOnPowerLoss);
    /// ```
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.settings.synchronous = synchronous;
        self
    }

    /// Sets how many bytes of the file each of the five connections caches, from 64 KiB to 1 GiB; the default is 2 MiB. Other
    /// numbers become the nearest of these.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("bank.db").cache_bytes(16 * 1024 * 1024);
    /// ```
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.settings.cache_bytes = bytes.clamp(*CACHE.start(), *CACHE.end());
        self
    }

    /// Sets how long an append waits for writers of other processes, from 1 ms to a day; the default is 5 s. One that waits
    /// longer is refused as busy, and has written nothing.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// # use std::time::Duration;
    /// let builder = SqliteStore::builder("bank.db").lock_timeout(Duration::from_secs(1));
    /// ```
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.settings.busy_timeout = limit.clamp(*WAIT.start(), *WAIT.end());
        self
    }

    /// Sets how much the writer appends in one transaction; the default is [`BatchLimits::new`].
    ///
    /// ```
    /// # use es_sqlite::{BatchLimits, SqliteStore};
    /// let builder = SqliteStore::builder("bank.db").batch_limits(BatchLimits::new().with_events(500));
    /// ```
    pub fn batch_limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens the file to read only: an append is an error. The file must exist, with the tables of this library. Its folder
    /// must be writable unless another program has the file open, since readers coordinate by a file beside it.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("bank.db").read_only(true);
    /// ```
    pub fn read_only(mut self, yes: bool) -> Self {
        self.settings.read_only = yes;
        self
    }

    /// Sets whether the store copies the write-ahead log into the file, a checkpoint, whenever it has grown by 1,000 pages; the
    /// default is true.
    ///
    /// False is for a file that a program such as [litestream](https://litestream.io) replicates from its write-ahead log: that
    /// program makes the checkpoints, and without it the write-ahead log grows for ever. All programs that append to the file
    /// need this setting. Litestream needs no other: a store waits for its short locks up to
    /// [`lock_timeout`](Self::lock_timeout), and what it restores is opened as a new incarnation of the log.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("bank.db").checkpoints(false);
    /// ```
    pub fn checkpoints(mut self, yes: bool) -> Self {
        self.settings.checkpoints = yes;
        self
    }

    /// Sets whether [`open`](Self::open) migrates the tables; the default is true. When false, an older file is an error.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("bank.db").migrate(false);
    /// ```
    pub fn migrate(mut self, yes: bool) -> Self {
        self.migrate = yes;
        self
    }

    /// Says that the file was restored from a backup: the log begins a new incarnation, and refuses checkpoints above its last
    /// event. Needed only after a backup was copied over the very file that it was taken from: the store recognises a file
    /// that was copied to a new one, and a backup by [`SqliteStore::backup_to`].
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("bank.db").restored(true);
    /// ```
    pub fn restored(mut self, yes: bool) -> Self {
        self.restored = yes;
        self
    }

    /// Opens the file also on a network file system. Only for a file that a single computer uses, and whose file system has
    /// locks that work: others lose events.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("/mnt/nfs/bank.db").allow_network_file_system();
    /// ```
    pub fn allow_network_file_system(mut self) -> Self {
        self.allow_network = true;
        self
    }

    /// Sets the clock that gives recorded times and the ends of leases, for tests that depend on it. Within a stream the recorded time never
    /// decreases, even when the clock does.
    ///
    /// ```
    /// # use es_core::Timestamp;
    /// # use es_sqlite::SqliteStore;
    /// let builder = SqliteStore::builder("test.db").clock(|| Timestamp::UNIX_EPOCH);
    /// ```
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the file, makes it where it is missing, brings its tables up to date, and starts the store's threads. See
    /// [`SqliteBuilder`] for an example.
    ///
    /// # Errors
    /// [`SqliteOpenError`].
    pub async fn open(self) -> Result<SqliteStore, SqliteOpenError> {
        let (sender, opened) = oneshot::channel();
        // In a thread, since it may wait for the disk and for other processes.
        let thread = thread::Builder::new().name("es-sqlite-open".to_owned());
        // A caller that is gone drops the store, which closes it.
        thread.spawn(move || drop(sender.send(self.open_now()))).map_err(SqliteOpenError::Thread)?;
        let ended = || SqliteOpenError::Thread(std::io::ErrorKind::BrokenPipe.into());
        opened.await.unwrap_or_else(|_| Err(ended()))
    }

    fn open_now(self) -> Result<SqliteStore, SqliteOpenError> {
        let Self { path, settings, limits, clock, migrate, restored, allow_network } = self;
        let request = Request { path, settings, migrate, restored, allow_network };
        let Opened { place, connection, lock } = open(&request)?;
        let failed = |source| SqliteOpenError::file(place.path(), source);
        let incarnation = incarnation::today(&connection).map_err(failed)?;
        let (wake, guard) = (Wake::new(), Arc::new(HandlerGuard::new()));
        let reader = || connection::reader(place.path(), &settings);
        let readers = Arc::new(ReaderThreads::start(&place, reader)?);
        let watcher = Watcher::start(wake.clone(), place.clone(), reader().map_err(failed)?)?;
        let queue = match lock {
            Some(lock) => {
                let tx = SqliteTx::new(connection).map_err(failed)?;
                let (place, clock, wake, guard) = (place.clone(), Arc::clone(&clock), wake.clone(), Arc::clone(&guard));
                Some(Queue::start(WriterParts { tx, guard, place, settings, lock, limits, clock, wake })?)
            }
            None => None,
        };
        let shared = Shared {
            place,
            settings,
            incarnation,
            clock,
            guard,
            queue,
            readers,
            watcher,
            wake,
            open: OpenReaders::default(),
            asides: Asides::default(),
        };
        Ok(SqliteStore::new(shared))
    }
}

impl fmt::Debug for SqliteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBuilder")
            .field("path", &self.path)
            .field("settings", &self.settings)
            .field("limits", &self.limits)
            .field("migrate", &self.migrate)
            .field("restored", &self.restored)
            .field("allow_network", &self.allow_network)
            .finish_non_exhaustive()
    }
}
