//! The store: a handle to a file that its clones share.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use async_trait::async_trait;
use es_core::{
    AppendError, AppendRequest, Appended, AsOf, Capabilities, Checkpoint, Direction, EventStore, Filter, Page,
    ReadError, SnapshotError, Snapshots, StoredEvent, StoredSnapshot, StreamId, Version, Visitor, limits,
};
use futures_core::stream::BoxStream;
use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use crate::{
    SqliteBackupError, SqliteBuilder, SqliteTransactionError, SqliteUrlError, Verification,
    append::{queue::Queue, snapshots, transaction::append_in},
    backup::backup,
    error::SqliteError,
    file::{connection, error::SqliteOpenError, verify::verify},
    read::{
        log_pages::read_log,
        stream::StreamCursor,
        stream_pages::{read_stream, visit_stream},
    },
    shared::Shared,
    url,
};

/// A store in one SQLite file, which several programs may share. Clones share its threads and connections, which end with the
/// last clone.
///
/// ```
/// # use es_core::{Append, EventStore, Expected, EventName, NewEvent, SchemaVersion, StreamId, Version};
/// # use es_sqlite::SqliteStore;
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("bank.db");
/// let store = SqliteStore::open(path).await?;
/// let stream = StreamId::new("account", "4711")?;
/// let opened = NewEvent::from_json(
///     uuid::Uuid::now_v7(),
///     EventName::from_static("account.opened")?,
///     SchemaVersion::FIRST,
///     r#"{"owner":"Ada"}"#,
/// )?;
/// let appended = store.append(Append::new(stream, Expected::NoStream, vec![opened]).into()).await?;
/// assert_eq!(appended[0].version, Version::FIRST);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
}

impl SqliteStore {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Opens the log in the file at `path`, and makes the file where it is missing. See [`SqliteStore`] for an example.
    ///
    /// # Errors
    /// [`SqliteOpenError`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SqliteOpenError> {
        Self::builder(path).open().await
    }

    /// Opens the log that `url` names: `sqlite:` and the path, byte for byte. Before an absolute path `sqlite://` is accepted,
    /// too.
    ///
    /// ```no_run
    /// # use es_sqlite::{SqliteOpenError, SqliteStore};
    /// # async fn example() -> Result<(), SqliteOpenError> {
    /// let store = SqliteStore::connect("sqlite:bank.db").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SqliteOpenError`].
    pub async fn connect(url: &str) -> Result<Self, SqliteOpenError> {
        Self::builder(Self::path_of_url(url)?).open().await
    }

    /// Gives the path that `url` names, as for [`connect`](Self::connect).
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// # use std::path::Path;
    /// assert_eq!(SqliteStore::path_of_url("sqlite:bank.db?x")?, Path::new("bank.db?x"));
    /// # Ok::<(), es_sqlite::SqliteUrlError>(())
    /// ```
    ///
    /// # Errors
    /// [`SqliteUrlError`].
    pub fn path_of_url(url: &str) -> Result<PathBuf, SqliteUrlError> {
        url::path(url)
    }

    /// Gives the settings of a store, which [`open`](SqliteBuilder::open) opens. See [`SqliteBuilder`] for an example.
    pub fn builder(path: impl AsRef<Path>) -> SqliteBuilder {
        SqliteBuilder::new(path.as_ref())
    }

    /// The path of the file, without symbolic links: open connections of your own on it.
    ///
    /// ```no_run
    /// # use es_sqlite::{SqliteStore, rusqlite::Connection};
    /// # fn example(store: &SqliteStore) -> Result<(), es_sqlite::rusqlite::Error> {
    /// let mine = Connection::open(store.path())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn path(&self) -> &Path {
        self.shared.place.path()
    }

    /// Counts the open readers, and the tasks that wait for events.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// # fn example(store: &SqliteStore) {
    /// println!("{} readers are open", store.open_readers());
    /// # }
    /// ```
    pub fn open_readers(&self) -> usize {
        self.shared.open.count() + self.shared.wake.waiting()
    }

    /// Closes the store for all clones: lets what was begun end, and closes the connections. Later calls fail with
    /// [`SqliteError::Closed`]. Dropping the last clone does the same.
    ///
    /// ```
    /// # use es_sqlite::SqliteStore;
    /// # async fn example(store: SqliteStore) {
    /// store.close().await;
    /// # }
    /// ```
    pub async fn close(&self) {
        let (sender, closed) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let close = move || {
            shared.close();
            // The caller may be gone.
            let _ = sender.send(());
        };
        match thread::Builder::new().name("es-sqlite-close".to_owned()).spawn(close) {
            Ok(_) => drop(closed.await),
            Err(_) => self.shared.close(),
        }
    }

    /// Appends in a transaction of yours, so that events and your own tables change together. The events are there once you
    /// commit.
    ///
    /// The transaction must have been begun with `BEGIN IMMEDIATE`, on a connection to [`path`](Self::path) whose `synchronous`
    /// is that of the store or above. Every other append to the file waits until the transaction ends. Unless your connection
    /// is in this process and ends its transactions soon, appends of others run into their
    /// [`lock_timeout`](SqliteBuilder::lock_timeout).
    ///
    /// A database that you attach to your connection is not part of the promise: after a power loss its tables may be as before
    /// the commit and the events there, or the other way round.
    ///
    /// When the answer of your COMMIT is lost, send the same request again: the event ids tell whether it was committed.
    ///
    /// ```
    /// # use es_core::AppendRequest;
    /// # use es_sqlite::{SqliteStore, rusqlite::{Connection, TransactionBehavior}};
    /// # fn example(store: &SqliteStore, request: &AppendRequest) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut mine = Connection::open(store.path())?;
    /// let transaction = mine.transaction_with_behavior(TransactionBehavior::Immediate)?;
    /// transaction.execute("INSERT INTO invoices (number) VALUES (4711)", [])?;
    /// store.append_in(&transaction, request)?;
    /// transaction.commit()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SqliteTransactionError`].
    pub fn append_in(
        &self,
        transaction: &Transaction<'_>,
        request: &AppendRequest,
    ) -> Result<Vec<Appended>, SqliteTransactionError> {
        let Shared { place, settings, incarnation, clock, guard, .. } = &*self.shared;
        guard.check()?;
        self.queue()?.check_open()?;
        append_in(transaction, request, (place, *incarnation), settings.synchronous, clock)
    }

    /// Copies the log, and all else that is in the file, to a new file at `path`, as of one moment. Writers go on meanwhile.
    /// The copy appears when it is whole and on the disk, with rights for its owner alone.
    ///
    /// # Restore
    /// 1. Stop all programs that have the log open.
    /// 2. Move the file away, and with it the files `-wal` and `-shm` beside it.
    /// 3. Copy the backup to the path of the file, owned by the user of the programs.
    /// 4. Start the programs.
    ///
    /// The restored log begins a new incarnation: a reader whose checkpoint is above its last event is refused, and others go
    /// on.
    ///
    /// # Example
    /// ```no_run
    /// # use es_sqlite::{SqliteBackupError, SqliteStore};
    /// # async fn example(store: &SqliteStore) -> Result<(), SqliteBackupError> {
    /// store.backup_to("bank-2026-11-29.db").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SqliteBackupError`]; nothing is at `path` then.
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<(), SqliteBackupError> {
        let path = path.as_ref().to_owned();
        self.aside(move |connection| backup(connection, &path)).await
    }

    /// Reads the whole file and verifies that every event is as it was written, in its place, and found by each index. Finds
    /// damage that hides events and so shows in no read. Writers go on meanwhile, while the write-ahead log grows.
    ///
    /// See [`Verification`] for an example.
    ///
    /// # Errors
    /// [`SqliteError`], when the file cannot be read at all. Damage is no error.
    pub async fn verify(&self) -> Result<Verification, SqliteError> {
        self.aside(verify).await
    }

    /// The queue of the writer, unless the store only reads.
    pub(crate) fn queue(&self) -> Result<&Queue, SqliteError> {
        let read_only = || SqliteError::ReadOnly { path: self.path().to_owned() };
        self.shared.queue.as_ref().ok_or_else(read_only)
    }

    /// Runs `task` in a thread and on a connection of its own.
    async fn aside<T, E>(&self, task: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<SqliteError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let aside = shared.asides.begin()?;
        let run = move || {
            // Dropped in this order also when the task panics: the last handle waits for the tasks that run.
            let (shared, aside) = (shared, aside);
            let connection =
                shared.place.check().and_then(|()| connection::reader(shared.place.path(), &shared.settings));
            let answer = connection.map_err(E::from).and_then(|connection| task(&connection));
            // Before the answer, after which the caller may drop the last handle and end the program: that handle closes the
            // store, and not this thread.
            drop(aside);
            drop(shared);
            drop(sender.send(answer));
        };
        let thread = thread::Builder::new().name("es-sqlite-aside".to_owned()).spawn(run);
        thread.map_err(|source| SqliteError::Io { path: self.path().to_owned(), source })?;
        answer.await.unwrap_or_else(|_| Err(SqliteError::Closed.into()))
    }
}

#[async_trait]
impl EventStore for SqliteStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.shared.guard.check()?;
        limits::check(&request)?;
        self.queue()?.append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        let cursor = StreamCursor::new(stream, from, direction);
        let here = |cursor: &StreamCursor, size| self.shared.read_here(cursor, size);
        read_stream(Arc::clone(&self.shared.readers), self.shared.open.open(), cursor, limit, here)
    }

    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        let here = |cursor: &StreamCursor, size| self.shared.read_here(cursor, size);
        visit_stream(&self.shared.readers, stream, from, visitor, &here).await
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        read_log(Arc::clone(&self.shared.readers), self.shared.open.open(), (from, direction), filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.shared.readers.run(|reader| Ok(reader.incarnation.frontier(&reader.connection)?)).await
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let mut waiter = self.shared.wake.waiter();
        loop {
            let frontier = self.frontier().await?;
            if frontier.is_news_after(seen) {
                return Ok(frontier);
            }
            waiter.wait().await?;
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: Some(self), snapshots: Some(self) }
    }
}

#[async_trait]
impl Snapshots for SqliteStore {
    async fn nearest(
        &self,
        stream: &StreamId,
        schema: &str,
        at: AsOf,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        limits::check_snapshot_schema(schema)?;
        let (stream, schema) = (stream.clone(), schema.to_owned());
        self.shared.readers.run(move |reader| Ok(snapshots::nearest(&reader.connection, &stream, &schema, at)?)).await
    }

    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        limits::check_snapshot_schema(&snapshot.schema)?;
        self.queue()?.store_snapshot(snapshot).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path()).finish_non_exhaustive()
    }
}
