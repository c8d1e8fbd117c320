//! The store: a handle that its clones share.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::Pool;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, LimitError, Page,
    ReadError, StoredEvent, StreamId, Version, Visitor, limits,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, future::ready, stream};
use tokio::task::JoinHandle;

use crate::append::joined::Joined;
use crate::append::writer::Queue;
use crate::append::{commit, transaction};
use crate::read::log::Log;
use crate::read::open_readers::OpenReaders;
use crate::read::{Cursor, Reader};
use crate::server::schema_name::SchemaName;
use crate::server::shared_connections::SharedConnections;
use crate::snapshot::StoredSnapshots;
use crate::subscribe::Subscriptions;
use crate::subscribe::notify::WakeUp;
use crate::{
    AppendStatement, CallersTransaction, MissingProtection, PostgresBuilder, PostgresCommitError, PostgresConnectError,
    PostgresError, PostgresSchemaNameError, migrate, protection,
};

/// A store on PostgreSQL. Clones share its connections; they close with the last of them.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) queue: Queue,
    pub(crate) connections: SharedConnections,
    pub(crate) log: Arc<Log>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) readers: OpenReaders,
    pub(crate) snapshots: StoredSnapshots,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) joined: Joined,
    pub(crate) wake_up: WakeUp,
    #[expect(dead_code, reason = "its tasks end when it is dropped")]
    pub(crate) background: Background,
    pub(crate) append_sql: String,
    pub(crate) schema: SchemaName,
}

/// Tasks that end with the store.
pub(crate) struct Background(pub(crate) Vec<JoinHandle<()>>);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl PostgresStore {
    /// Opens the store at `postgres://user@host/database`, in the schema `es`, and brings that up to date.
    ///
    /// # Errors
    /// [`PostgresConnectError`].
    pub async fn connect(url: &str) -> Result<Self, PostgresConnectError> {
        Self::builder(url).connect().await
    }

    /// A store with settings of its own.
    pub fn builder(url: &str) -> PostgresBuilder {
        PostgresBuilder::new(url)
    }

    /// A store that reads over a pool the application has already: see [`PostgresBuilder::pool`]. Appends go over
    /// connections of the store's own, which `url` opens.
    ///
    /// # Errors
    /// [`PostgresConnectError`]; [`OtherLog`](PostgresConnectError::OtherLog) when the pool and the URL lead to different logs.
    pub async fn from_pool(pool: Pool, url: &str) -> Result<Self, PostgresConnectError> {
        Self::builder(url).pool(pool).connect().await
    }

    /// The migrations as SQL, each with its name, in the order to run them: for people with a migrator of their own.
    ///
    /// # Errors
    /// [`PostgresSchemaNameError`].
    pub fn migrations(schema: &str) -> Result<Vec<(String, String)>, PostgresSchemaNameError> {
        Ok(migrate::scripts(&SchemaName::new(schema)?))
    }

    /// How many readers and subscriptions of this store are open.
    pub fn open_readers(&self) -> usize {
        self.parts.readers.count() + self.parts.subscriptions.count()
    }

    /// Appends inside a transaction of the caller's: what it changes and these events become true together.
    ///
    /// It goes round the writer: it waits for streams that others hold, and from here until the transaction ends it
    /// holds its own streams and the frontier, so no reader sees any later event. Keep such transactions short. The
    /// transaction must be READ COMMITTED. A deadlock with another such transaction (SQLSTATE `40P01`) comes back as
    /// an error: roll back and try again. The store looks for the end of the transaction, more and more seldom the longer
    /// it takes, and then wakes readers as for any append.
    ///
    /// End the transaction with [`commit`](Self::commit). Where any statement of it failed, `COMMIT` rolls back and answers
    /// no error, so `commit` of tokio-postgres, of sqlx and of others answers `Ok` though nothing is stored.
    ///
    /// The append switches `synchronous_commit` on for the transaction where it is `off` or `local`; a `SET LOCAL` after it
    /// is the caller's own.
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
    /// [`AppendError`]; after a conflict, or where idempotency keys were refused, the transaction can go on, after
    /// [`AppendError::Store`] it cannot.
    pub async fn append_in(
        &self,
        transaction: &tokio_postgres::Transaction<'_>,
        request: impl Into<AppendRequest>,
    ) -> Result<Vec<Appended>, AppendError> {
        let appended = transaction::append_in(&self.parts.append_sql, transaction, request.into()).await?;
        self.parts.joined.appended(&appended);
        Ok(appended)
    }

    /// Commits a transaction of the caller's, or says that nothing of it is stored, and wakes readers at once.
    ///
    /// A savepoint's transaction is released the same way: what it holds is stored when the outer one is committed.
    ///
    /// # Errors
    /// [`PostgresCommitError::RolledBack`] when a statement of the transaction had failed, also one whose error nobody looked at,
    /// or when the commit itself was refused, as by a deferred constraint: nothing of it is stored.
    /// [`PostgresCommitError::Unknown`] when the connection was lost over the commit: run the whole transaction again, with
    /// the same events. Where these are answered as `repeated`, all of the first one is stored: roll the second back.
    pub async fn commit(&self, transaction: impl CallersTransaction) -> Result<(), PostgresCommitError> {
        commit::commit(transaction).await?;
        self.parts.wake_up.appended();
        Ok(())
    }

    /// The same as [`append_in`](Self::append_in) as SQL, so that a transaction of any other driver can take part. What is
    /// said there holds.
    ///
    /// Drivers do not tell whether `COMMIT` rolled back, and [`commit`](Self::commit) cannot take their transactions. Run
    /// one more statement as the last one before it, such as `SELECT 1`: it fails in a transaction that `COMMIT` would
    /// roll back.
    ///
    /// # Errors
    /// [`AppendError`] when the append is over a limit, or has idempotency keys.
    pub fn append_statement(&self, request: impl Into<AppendRequest>) -> Result<AppendStatement, AppendError> {
        AppendStatement::new(&self.parts.schema, request.into(), self.parts.joined.clone())
    }

    /// The statements that leave the role `application` no right but to call the functions of the store, and to read:
    /// the tables go to an owner without login. For a log in another schema, [`PostgresBuilder::hardening`] gives them.
    ///
    /// Run them as a superuser, or as the database's owner with CREATEROLE, after the migrations and again after each
    /// new one.
    pub fn hardening(application: &str) -> String {
        protection::hardening(&SchemaName::default(), application)
    }

    /// Which protections against changed events are off for the store's role.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn missing_protections(&self) -> Result<Vec<MissingProtection>, PostgresError> {
        protection::missing(&self.parts.connections, &self.parts.schema).await
    }

    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }
}

#[async_trait]
impl EventStore for PostgresStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        limits::check(&request)?;
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
        // of another log: the follower may not have asked for today's frontier yet
        if frontier.position() > seen.position() { Ok(frontier) } else { self.frontier().await }
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        match limits::check_filter(filter) {
            Ok(()) => self.parts.subscriptions.subscribe(after, filter.clone()),
            Err(error) => refused(error),
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { snapshots: Some(&self.parts.snapshots) }
    }
}

/// What is read with a filter that no event can meet.
fn refused(error: LimitError) -> BoxStream<'static, Result<Page, ReadError>> {
    stream::once(ready(Err(error.into()))).boxed()
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // never the URL: it may hold a password
        f.debug_struct("PostgresStore").field("schema", &self.parts.schema.as_str()).finish_non_exhaustive()
    }
}
