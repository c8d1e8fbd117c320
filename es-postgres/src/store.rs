//! The store: a handle whose clones share connections and tasks.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, HandlerGuard,
    LimitError, Page, ReadError, StoredEvent, StreamId, Version, Visitor, limits,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, future::ready, stream};
use tokio::task::JoinHandle;

use crate::{
    AppendStatement, CallersTransaction, MissingProtection, PostgresBuilder, PostgresCommitError, PostgresConnectError,
    PostgresProtectionError, PostgresSchemaNameError,
    append::{commit, open_appends::OpenAppends, transaction, writer::Queue},
    migrate, protection,
    read::{Cursor, Reader, log_state::LogState, open_readers::OpenReaders},
    read_model::StoredReadModels,
    server::{schema_name::SchemaName, shared_connections::SharedConnections},
    snapshot::StoredSnapshots,
    subscribe::{Subscriptions, notify::WakeUp},
    table::Sessions,
};

/// A store on PostgreSQL. Clones share its connections, which close when the last clone is dropped.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use es_core::{Append, AppendRequest, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId};
/// use es_postgres::PostgresStore;
/// use uuid::Uuid;
///
/// let store = PostgresStore::connect("postgres://localhost/bank").await?;
/// let name = EventName::from_static("account.opened")?;
/// let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, r#"{"owner":"Ada"}"#.to_owned())?;
/// let append = Append::new(StreamId::new("account", "1")?, Expected::NoStream, vec![event]);
/// let appended = store.append(AppendRequest::from(append)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) queue: Queue,
    pub(crate) connections: SharedConnections,
    pub(crate) log: Arc<LogState>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) readers: OpenReaders,
    pub(crate) snapshots: StoredSnapshots,
    pub(crate) read_models: StoredReadModels,
    pub(crate) sessions: Sessions,
    /// Knows whether a projection of this store runs.
    pub(crate) handling: HandlerGuard,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) open_appends: OpenAppends,
    pub(crate) wake_up: WakeUp,
    #[expect(dead_code, reason = "dropping it ends its tasks")]
    pub(crate) background: Background,
    pub(crate) append_sql: String,
    pub(crate) schema: SchemaName,
}

/// The store's background tasks; dropping it ends them.
pub(crate) struct Background(pub(crate) Vec<JoinHandle<()>>);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl PostgresStore {
    /// Opens the store at `postgres://user@host/database` in the schema `es`, and migrates that schema.
    ///
    /// ```no_run
    /// # use es_postgres::{PostgresConnectError, PostgresStore};
    /// # async fn example() -> Result<(), PostgresConnectError> {
    /// let store = PostgresStore::connect("postgres://localhost/bank").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`PostgresConnectError`].
    pub async fn connect(url: &str) -> Result<Self, PostgresConnectError> {
        Self::builder(url).connect().await
    }

    /// Makes a builder, for a store with other settings. See [`PostgresBuilder`] for an example.
    pub fn builder(url: &str) -> PostgresBuilder {
        PostgresBuilder::new(url)
    }

    /// Opens a store that reads over a pool of the application: see [`PostgresBuilder::pool`]. Appends use connections that
    /// the store opens by `url`.
    ///
    /// ```no_run
    /// # use es_postgres::{PostgresConnectError, PostgresStore};
    /// # async fn example(pool: deadpool_postgres::Pool) -> Result<(), PostgresConnectError> {
    /// let store = PostgresStore::from_pool(pool, "postgres://localhost/bank").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`PostgresConnectError`]; [`OtherLog`](PostgresConnectError::OtherLog) when the pool and the URL lead to different logs.
    pub async fn from_pool(pool: Pool, url: &str) -> Result<Self, PostgresConnectError> {
        Self::builder(url).pool(pool).connect().await
    }

    /// Gives the name and the SQL of each migration, in the order in which to run them, for an application that runs
    /// migrations by itself.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// for (name, sql) in PostgresStore::migrations("es")? {
    ///     println!("-- {name}\n{sql}");
    /// }
    /// # Ok::<(), es_postgres::PostgresSchemaNameError>(())
    /// ```
    ///
    /// # Errors
    /// [`PostgresSchemaNameError`].
    pub fn migrations(schema: &str) -> Result<Vec<(String, String)>, PostgresSchemaNameError> {
        Ok(migrate::scripts(&SchemaName::new(schema)?))
    }

    /// Counts the open readers and subscriptions of this store.
    ///
    /// ```no_run
    /// # use es_postgres::PostgresStore;
    /// # fn example(store: &PostgresStore) {
    /// println!("{} readers and subscriptions are open", store.open_readers());
    /// # }
    /// ```
    pub fn open_readers(&self) -> usize {
        self.parts.readers.count() + self.parts.subscriptions.count()
    }

    /// Appends inside a caller's transaction: the transaction's changes and these events are committed together.
    ///
    /// The append does not pass through the writer task. It waits for streams that another transaction holds. From then until
    /// the transaction ends, it holds its streams, and it holds the frontier, so that readers see no later event. Keep such
    /// transactions short. The transaction must be READ COMMITTED. A deadlock with another such transaction (SQLSTATE
    /// `40P01`) is returned as an error: roll back and retry. The store polls for the end of the transaction, less often the
    /// longer it takes, and then wakes readers as after any append.
    ///
    /// End the transaction with [`commit`](Self::commit). After a failed statement, `COMMIT` rolls back without an error, so
    /// `commit` of tokio-postgres, sqlx and other drivers returns `Ok` although nothing is stored.
    ///
    /// Where `synchronous_commit` is `off` or `local`, the append switches it on for the transaction. A `SET LOCAL` after the
    /// append overrides that, at the caller's risk.
    ///
    /// ```no_run
    /// # use es_core::AppendRequest;
    /// # use es_postgres::PostgresStore;
    /// # async fn example(
    /// #     store: &PostgresStore,
    /// #     client: &mut tokio_postgres::Client,
    /// #     request: AppendRequest,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let transaction = client.transaction().await?;
    /// transaction.execute("UPDATE seats SET taken = true WHERE id = 7", &[]).await?;
    /// store.append_in(&transaction, request).await?;
    /// store.commit(transaction).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`AppendError`]. After a conflict, or where idempotency keys were refused, the transaction can continue. After
    /// [`AppendError::Store`], whose source is a [`PostgresAppendError`](crate::PostgresAppendError), it cannot.
    pub async fn append_in(
        &self,
        transaction: &tokio_postgres::Transaction<'_>,
        request: impl Into<AppendRequest>,
    ) -> Result<Vec<Appended>, AppendError> {
        self.parts.handling.check()?;
        let appended = transaction::append_in(&self.parts.append_sql, transaction, request.into()).await?;
        self.parts.open_appends.appended(&appended);
        Ok(appended)
    }

    /// Commits a caller's transaction and wakes readers at once. Fails when nothing of the transaction is stored.
    ///
    /// A transaction that is a savepoint is released in the same way; its changes are stored when the outer one is committed.
    ///
    /// ```no_run
    /// # use es_postgres::{PostgresCommitError, PostgresStore};
    /// # async fn example(
    /// #     store: &PostgresStore,
    /// #     transaction: tokio_postgres::Transaction<'_>,
    /// # ) -> Result<(), PostgresCommitError> {
    /// store.commit(transaction).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`PostgresCommitError::RolledBack`] when a statement of the transaction had failed, even if the caller ignored its
    /// error, or when the server refused the commit, as for a deferred constraint: nothing of it is stored.
    /// [`PostgresCommitError::Unknown`] when the connection was lost during the commit: run the whole transaction again, with
    /// the same events. Where these are `repeated`, the first transaction is stored: roll back the second.
    pub async fn commit(&self, transaction: impl CallersTransaction) -> Result<(), PostgresCommitError> {
        commit::commit(transaction).await?;
        self.parts.wake_up.appended();
        Ok(())
    }

    /// Gives an append as SQL, for a transaction of any driver. It behaves as [`append_in`](Self::append_in) does. See
    /// [`AppendStatement`] for an example.
    ///
    /// [`commit`](Self::commit) cannot take transactions of other drivers, and drivers do not report that `COMMIT` rolled
    /// back. Run one more statement just before the commit, such as `SELECT 1`: it fails in a transaction that `COMMIT`
    /// would roll back.
    ///
    /// # Errors
    /// [`AppendError`] when the append exceeds a limit, or has idempotency keys.
    pub fn append_statement(&self, request: impl Into<AppendRequest>) -> Result<AppendStatement, AppendError> {
        self.parts.handling.check()?;
        AppendStatement::new(&self.parts.schema, request.into(), self.parts.open_appends.clone())
    }

    /// Gives the statements that leave the role `application` only the rights to call the functions of the store and to
    /// read: a role without login becomes the owner of the tables. Another one, of which `application` becomes a member, owns the
    /// tables of projections and may make schemas for them. For a log in another schema, use [`PostgresBuilder::hardening`].
    ///
    /// Run them as a superuser, or as the database's owner with CREATEROLE, after the migrations and again after each
    /// new migration.
    ///
    /// ```
    /// println!("{}", es_postgres::PostgresStore::hardening("bank"));
    /// ```
    pub fn hardening(application: &str) -> String {
        protection::hardening(&SchemaName::default(), application)
    }

    /// Asks the server which protections against changed events are off for the store's role. See [`MissingProtection`] for
    /// an example.
    ///
    /// # Errors
    /// [`PostgresProtectionError`].
    pub async fn missing_protections(&self) -> Result<Vec<MissingProtection>, PostgresProtectionError> {
        Ok(protection::missing(&self.parts.connections, &self.parts.schema).await?)
    }

    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }
}

#[async_trait]
impl EventStore for PostgresStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.parts.handling.check()?;
        limits::check(&request)?;
        // This store holds no idempotency keys: a request with keys is refused here with `KeysUnsupported`.
        let appends = request.into_appends()?;
        if appends.is_empty() {
            return Ok(Vec::new());
        }
        self.parts.queue.append(appends).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.parts.reader.read_stream(Cursor::stream(stream, from, direction), limit)
    }

    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        self.parts.reader.visit(stream, from, visitor).await
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        match limits::check_filter(filter) {
            Ok(()) => self.parts.reader.read_pages(from, direction, filter, limit),
            Err(error) => refused(error),
        }
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.parts.log.frontier().await.map(|frontier| frontier.checkpoint())
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let frontier = self.parts.subscriptions.changed(seen).await?;
        // `seen` may be of another incarnation, and the follower task may not know today's frontier yet.
        if frontier.position() > seen.position() { Ok(frontier) } else { self.frontier().await }
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        match limits::check_filter(filter) {
            Ok(()) => self.parts.subscriptions.subscribe(after, filter.clone()),
            Err(error) => refused(error),
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: Some(&self.parts.read_models), snapshots: Some(&self.parts.snapshots) }
    }
}

/// A stream that ends with this error at once.
fn refused(error: LimitError) -> BoxStream<'static, Result<Page, ReadError>> {
    stream::once(ready(Err(error.into()))).boxed()
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the URL, which may hold a password.
        f.debug_struct("PostgresStore").field("schema", &self.parts.schema.as_str()).finish_non_exhaustive()
    }
}
