//! How a store is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use es_core::limits;

use crate::append::attempt::Appender;
use crate::append::joined::Joined;
use crate::append::statement;
use crate::append::writer::{BatchLimits, Queue};
use crate::read::log::{Log, incarnation_sql, query_incarnation};
use crate::read::open_readers::OpenReaders;
use crate::read::{Pager, Reader};
use crate::server::connection::{Connector, LONGEST};
use crate::server::pool::Pool;
use crate::server::schema_name::SchemaName;
use crate::server::shared_connections::SharedConnections;
use crate::server::{checks as server_checks, tls};
use crate::snapshot::StoredSnapshots;
use crate::store::{Background, Parts, PostgresStore};
use crate::subscribe::Subscriptions;
use crate::subscribe::notify;
use crate::subscribe::notify::WakeUp;
use crate::{PostgresConnectError, PostgresSchemaNameError, PostgresUrlError, checks, migrate, protection};

/// The shortest time that is not taken for none.
const SHORTEST: Duration = Duration::from_millis(1);
/// The most connections of a pool: it makes room for all of them at once.
const CONNECTIONS: usize = 1_000;
/// The most events of a batch.
const EVENTS: usize = 10_000;

/// Sets up a [`PostgresStore`]; [`PostgresStore::builder`] makes it.
///
/// Times are taken between 1 ms and 24 days: one that is out of these bounds becomes the nearest that is not.
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
            limits: BatchLimits { bytes: 4 * 1024 * 1024, events: 2_000, streams: 1_000 },
            migrate: true,
            allow_unsafe: false,
        }
    }

    /// The schema that holds the log; `es` when nothing is said. Several logs can live in one database.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// Reads over this pool instead of one of the store's own, of the same database. The writer's connections come from
    /// the URL all the same.
    ///
    /// Whatever settings its connections have, reads run with the store's. Four connections leave the pool for good; the
    /// others are lent for a page each, in a transaction, and come back with the settings they had.
    pub fn pool(mut self, pool: deadpool_postgres::Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// How many connections readers have at most, from 5 to 1,000; 16 when nothing is said. A number out of these bounds
    /// becomes the nearest that is not.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections.clamp(5, CONNECTIONS);
        self
    }

    /// What the server shows as the connections' application; `es` when nothing is said.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// How long a connection may take to be opened; 5 s when nothing is said.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit.clamp(SHORTEST, LONGEST);
        self
    }

    /// How long one statement may run; 30 s when nothing is said, and no limit when it is zero.
    ///
    /// The server counts from when it has all of the statement, and has a second longer for each MiB of an append that is
    /// bigger than a batch. The store waits 5 s longer, and a second for each 64 KiB that it sends: a connection that is
    /// slower than that counts as lost.
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = if limit.is_zero() { limit } else { limit.clamp(SHORTEST, LONGEST) };
        self
    }

    /// How long an append waits for a stream that another transaction holds; 5 s when nothing is said.
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = limit.clamp(SHORTEST, LONGEST);
        self
    }

    /// For how long reads and appends are tried again after their connection was lost; 10 s when nothing is said.
    /// An append without an answer then is [`Unknown`](es_core::AppendError::Unknown). With zero nothing is tried again.
    pub fn retry_for(mut self, limit: Duration) -> Self {
        self.retry_for = limit.min(LONGEST);
        self
    }

    /// How many bytes, events and streams go to the server together at most; 4 MiB, 2,000 and 1,000 when nothing is said.
    /// More than 64 MiB, 10,000 and 1,000 are taken for these.
    ///
    /// An append on its own may be bigger. One that has more bytes goes over a connection of its own, so that no other
    /// waits for its transfer.
    pub fn batch_limits(mut self, bytes: usize, events: usize, streams: usize) -> Self {
        self.limits = BatchLimits {
            bytes: bytes.min(limits::APPEND_BYTES),
            events: events.min(EVENTS),
            // the server holds a lock for each
            streams: streams.min(limits::EVENTS),
        };
        self
    }

    /// Whether to bring the schema up to date; when not, an older schema is an error.
    pub fn migrate(mut self, yes: bool) -> Self {
        self.migrate = yes;
        self
    }

    /// Takes a server that may lose what it acknowledged, with a warning instead of an error: for throw-away data.
    pub fn allow_unsafe_server(mut self) -> Self {
        self.allow_unsafe = true;
        self
    }

    /// Connects, checks the server, brings the schema up to date, and starts the writer.
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
        // begun before anything is appended, where the log has moved
        let today = query_incarnation(&first.client, &schema).await?;
        checks::log(&first, &connector, &schema).await?;
        let pool = match self.pool {
            Some(pool) => Pool::from_application(pool, &connector),
            None => Pool::new(&connector, self.pool_size)?,
        };
        let (wake_up, joined) = (WakeUp::new(), Joined::default());
        let connections = SharedConnections::new(pool.clone());
        let log = Arc::new(Log::new(connections.clone(), &schema, today, self.retry_for));
        if log.incarnation().await? != today {
            return Err(PostgresConnectError::OtherLog);
        }
        protection::report(&connections, &schema).await?;
        let readers = OpenReaders::default();
        let pager = Pager::new(pool, connections.clone(), &schema, self.retry_for);
        let reader = Arc::new(Reader::new(pager, Arc::clone(&log), readers.clone()));
        let (subscriptions, follower) = Subscriptions::new(Arc::clone(&log), Arc::clone(&reader), today);
        let background = Background(vec![
            tokio::spawn(notify::listen(connector.clone(), schema.channel(), wake_up.clone())),
            tokio::spawn(follower.follow(Arc::clone(&log), Arc::clone(&reader), wake_up.clone())),
            tokio::spawn(joined.clone().follow(Arc::clone(&log), wake_up.clone())),
        ]);
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
            connections,
            log,
            reader,
            readers,
            subscriptions,
            joined,
            wake_up,
            background,
            append_sql: statement::sql(&schema),
            schema,
        }))
    }

    /// [`PostgresStore::hardening`] for a log in this schema.
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
        // never the URL: it may hold a password
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
