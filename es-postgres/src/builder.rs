//! The builder of a store: its settings, and the start of its parts.

use std::{fmt, sync::Arc, time::Duration};

use es_core::HandlerGuard;

use crate::{
    PostgresConnectError, PostgresSchemaNameError, PostgresUrlError,
    append::{attempt::Appender, batch_limits::BatchLimits, open_appends::OpenAppends, statement, writer::Queue},
    checks, migrate, protection,
    read::{
        Pager, Reader,
        log_state::{LogState, incarnation_sql, query_incarnation},
        open_readers::OpenReaders,
    },
    read_model::StoredReadModels,
    server::{
        checks as server_checks,
        connection::{Connector, LONGEST},
        pool::Pool,
        schema_name::SchemaName,
        shared_connections::SharedConnections,
        tls,
    },
    snapshot::StoredSnapshots,
    store::{Background, Parts, PostgresStore},
    subscribe::{
        Subscriptions,
        notify::{self, WakeUp},
    },
    table::Sessions,
};

/// The shortest time limit: the server takes a shorter one for no limit.
const SHORTEST: Duration = Duration::from_millis(1);
/// The highest setting for the size of the pool, which allocates a slot for each connection at once.
const MAX_POOL_SIZE: usize = 1_000;
/// How many of the pool's connections all readers share. More did not improve throughput.
const READING: usize = 4;
/// The connections for claims and steps of all read models: those that are shared, and those for one transaction at a time.
const WRITING: usize = 2;
const TRANSACTIONS: usize = 2;

/// The settings of a [`PostgresStore`]; [`PostgresStore::builder`] makes one.
///
/// Times are between 1 ms and 24 days; others become the nearest of these.
///
/// ```no_run
/// # use es_postgres::{PostgresConnectError, PostgresStore};
/// # use std::time::Duration;
/// # async fn example() -> Result<(), PostgresConnectError> {
/// let store = PostgresStore::builder("postgres://localhost/bank")
///     .schema("ledger")
///     .pool_size(8)
///     .lock_timeout(Duration::from_secs(2))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing happens before `connect`"]
pub struct PostgresBuilder {
    url: String,
    schema: String,
    pool: Option<deadpool_postgres::Pool>,
    pool_size: usize,
    application_name: String,
    connect_timeout: Duration,
    statement_timeout: Duration,
    lock_timeout: Duration,
    retry_for: Duration,
    limits: BatchLimits,
    migrate: bool,
    allow_unsafe: bool,
}

impl PostgresBuilder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            schema: SchemaName::default().as_str().to_owned(),
            pool: None,
            pool_size: 16,
            application_name: "es".to_owned(),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            retry_for: Duration::from_secs(10),
            limits: BatchLimits::new(),
            migrate: true,
            allow_unsafe: false,
        }
    }

    /// Sets the schema that holds the log; the default is `es`. One database can hold several logs.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").schema("ledger");
    /// ```
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// Sets a pool to read over, instead of one that the store opens. It must connect to the same database. The writer's
    /// connections still come from the URL.
    ///
    /// Reads run with the store's settings, whatever settings the pool's connections have. The store keeps four connections;
    /// it borrows the others for one page each, in a transaction, and returns them with the settings they had.
    ///
    /// ```no_run
    /// # use es_postgres::PostgresStore;
    /// # fn example(pool: deadpool_postgres::Pool) {
    /// let builder = PostgresStore::builder("postgres://localhost/bank").pool(pool);
    /// # }
    /// ```
    pub fn pool(mut self, pool: deadpool_postgres::Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets the number of connections for readers, from 5 to 1,000; the default is 16. Other numbers become the nearest of
    /// these.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").pool_size(8);
    /// ```
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections.clamp(5, MAX_POOL_SIZE);
        self
    }

    /// Sets the application name that the server shows for the connections; the default is `es`. One in the URL wins.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").application_name("bank");
    /// ```
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// Sets how long opening a connection may take; the default is 5 s.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// # use std::time::Duration;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").connect_timeout(Duration::from_secs(2));
    /// ```
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit.clamp(SHORTEST, LONGEST);
        self
    }

    /// Sets how long one statement may run; the default is 30 s, and zero is no limit.
    ///
    /// The server counts from the arrival of the whole statement, and has one more second for each MiB of an append that is
    /// larger than a batch. The store waits 5 s longer than the server, and one more second for each 64 KiB that it sends: a
    /// slower connection counts as lost.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// # use std::time::Duration;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").statement_timeout(Duration::from_secs(10));
    /// ```
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = if limit.is_zero() { limit } else { limit.clamp(SHORTEST, LONGEST) };
        self
    }

    /// Sets how long an append waits for a stream that another transaction holds; the default is 5 s.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// # use std::time::Duration;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").lock_timeout(Duration::from_secs(1));
    /// ```
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = limit.clamp(SHORTEST, LONGEST);
        self
    }

    /// Sets how long reads and appends are retried after their connection was lost; the default is 10 s, and zero disables
    /// retries. An append that has no answer by then is [`Unknown`](es_core::AppendError::Unknown).
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// # use std::time::Duration;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").retry_for(Duration::from_secs(30));
    /// ```
    pub fn retry_for(mut self, limit: Duration) -> Self {
        self.retry_for = limit.min(LONGEST);
        self
    }

    /// Sets how much the writer sends to the server in one batch; the default is [`BatchLimits::new`].
    ///
    /// ```
    /// # use es_postgres::{BatchLimits, PostgresStore};
    /// let limits = BatchLimits::new().with_events(500);
    /// let builder = PostgresStore::builder("postgres://localhost/bank").batch_limits(limits);
    /// ```
    pub fn batch_limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether [`connect`](Self::connect) migrates the schema; the default is true. When false, an older schema is an
    /// error.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// let builder = PostgresStore::builder("postgres://localhost/bank").migrate(false);
    /// ```
    pub fn migrate(mut self, yes: bool) -> Self {
        self.migrate = yes;
        self
    }

    /// Accepts a server that may lose acknowledged events, with a warning instead of an error. For data that may be lost.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// let builder = PostgresStore::builder("postgres://localhost/test").allow_unsafe_server();
    /// ```
    pub fn allow_unsafe_server(mut self) -> Self {
        self.allow_unsafe = true;
        self
    }

    /// Connects, checks the server, migrates the schema, and starts the writer task. See [`PostgresBuilder`] for an example.
    ///
    /// # Errors
    /// [`PostgresConnectError`].
    pub async fn connect(self) -> Result<PostgresStore, PostgresConnectError> {
        let schema = SchemaName::new(&self.schema)?;
        let connector = self.connector()?;
        let first = connector.open().await?;
        server_checks::check_server(&first.client, self.allow_unsafe).await?;
        if self.migrate {
            migrate::run(&first.client, &schema).await?;
        }
        migrate::check(&first.client, &schema).await?;
        // Where the log has moved, this begins a new incarnation before anything is appended.
        let today = query_incarnation(&first.client, &schema).await?;
        checks::log(&first, &connector, &schema).await?;
        let pool = match self.pool {
            Some(pool) => Pool::from_application(pool, &connector),
            None => Pool::new(&connector, self.pool_size - READING)?,
        };
        let (wake_up, open_appends) = (WakeUp::new(), OpenAppends::default());
        let connections = SharedConnections::new(pool.clone(), READING);
        let log = Arc::new(LogState::new(connections.clone(), &schema, today, self.retry_for));
        if log.incarnation().await? != today {
            return Err(PostgresConnectError::OtherLog);
        }
        protection::report(&connections, &schema).await?;
        let readers = OpenReaders::default();
        let pager = Pager::new(pool.clone(), connections.clone(), &schema, self.retry_for);
        let reader = Arc::new(Reader::new(pager, Arc::clone(&log), readers.clone()));
        let (subscriptions, follower) = Subscriptions::new(Arc::clone(&log), Arc::clone(&reader), today);
        let background = Background(vec![
            tokio::spawn(notify::listen(connector.clone(), schema.channel(), wake_up.clone())),
            tokio::spawn(follower.follow(Arc::clone(&log), Arc::clone(&reader), wake_up.clone())),
            tokio::spawn(open_appends.clone().wake_readers_when_ended(Arc::clone(&log), wake_up.clone())),
        ]);
        let writing = SharedConnections::new(Pool::new(&connector, WRITING)?, WRITING);
        let read_models = StoredReadModels::new(writing, connections.clone(), pool, Arc::clone(&log), &schema);
        let sessions = Sessions::new(connector.clone(), schema.clone(), TRANSACTIONS);
        let appender = Appender {
            connector,
            allow_unsafe: self.allow_unsafe,
            sql: statement::sql(&schema),
            incarnation: incarnation_sql(&schema),
            retry_for: self.retry_for,
        };
        Ok(PostgresStore::new(Parts {
            queue: Queue::start(Arc::new(appender), self.limits, wake_up.clone()),
            snapshots: StoredSnapshots::new(connections.clone(), &schema),
            read_models,
            sessions,
            handling: HandlerGuard::new(),
            connections,
            log,
            reader,
            readers,
            subscriptions,
            open_appends,
            wake_up,
            background,
            append_sql: statement::sql(&schema),
            schema,
        }))
    }

    /// Gives the statements of [`PostgresStore::hardening`] for a log in this schema.
    ///
    /// ```
    /// # use es_postgres::PostgresStore;
    /// let statements = PostgresStore::builder("postgres://localhost/bank").schema("ledger").hardening("bank")?;
    /// # assert!(statements.contains("'ledger'"));
    /// # Ok::<(), es_postgres::PostgresSchemaNameError>(())
    /// ```
    ///
    /// # Errors
    /// [`PostgresSchemaNameError`].
    pub fn hardening(&self, application: &str) -> Result<String, PostgresSchemaNameError> {
        Ok(protection::hardening(&SchemaName::new(&self.schema)?, application))
    }

    fn connector(&self) -> Result<Connector, PostgresUrlError> {
        let (mut config, tls) = tls::parse_url(&self.url)?;
        if config.get_application_name().is_none() {
            config.application_name(&self.application_name);
        }
        let statement = Some(self.statement_timeout).filter(|timeout| !timeout.is_zero());
        if let Some(timeout) = config.get_tcp_user_timeout().copied().or(statement) {
            config.tcp_user_timeout(timeout.min(LONGEST));
        }
        Ok(Connector {
            config,
            tls,
            connect_timeout: self.connect_timeout,
            statement_timeout: self.statement_timeout,
            lock_timeout: self.lock_timeout,
        })
    }
}

impl fmt::Debug for PostgresBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the URL, which may hold a password.
        f.debug_struct("PostgresBuilder")
            .field("schema", &self.schema)
            .field("pool", &self.pool.is_some())
            .field("pool_size", &self.pool_size)
            .field("application_name", &self.application_name)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("retry_for", &self.retry_for)
            .field("limits", &self.limits)
            .field("migrate", &self.migrate)
            .field("allow_unsafe", &self.allow_unsafe)
            .finish_non_exhaustive()
    }
}
