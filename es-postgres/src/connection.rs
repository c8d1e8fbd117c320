//! One connection: opened, set up, driven, and listened to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection as Driver, Socket};

use crate::PostgresError;
use crate::tls::Tls;

/// How connections are opened.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
}

/// An open connection with a task that drives it; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// What the server said aside from answers.
    pub(crate) heard: Arc<Heard>,
    /// The server's process that it began on.
    pub(crate) process: Process,
}

/// A process of the server, told apart from a later one with the same number.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) started: String,
}

/// What the server says aside from answers.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How often the wait for a synchronous replica was cut short.
    unreplicated: AtomicU64,
    /// Notifications of other processes.
    woken: Notify,
    /// Whether the connection ended.
    ended: AtomicBool,
    /// The server's process of this connection, whose notifications are our own.
    own: AtomicI32,
}

impl Process {
    pub(crate) async fn of(client: &Client) -> Result<Self, PostgresError> {
        let own = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        let row = client.query_one(own, &[]).await.map_err(PostgresError::statement)?;
        let read = || Ok(Self { pid: row.try_get(0)?, started: row.try_get(1)? });
        read().map_err(|error: tokio_postgres::Error| PostgresError::Answer(error.into()))
    }
}

impl Heard {
    pub(crate) fn unreplicated(&self) -> u64 {
        self.unreplicated.load(Ordering::Acquire)
    }

    /// Waits for a notification of another process; `false` when the connection ended.
    pub(crate) async fn notified(&self) -> bool {
        self.woken.notified().await;
        !self.ended.load(Ordering::Acquire)
    }
}

impl Connector {
    pub(crate) async fn open(&self) -> Result<Connection, PostgresError> {
        // with its first statements: a pooler takes the connection itself at once, and may have no server for it
        let opened = tokio::time::timeout(self.connect_timeout, self.set_up()).await;
        opened.unwrap_or(Err(PostgresError::Silent(self.connect_timeout)))
    }

    async fn set_up(&self) -> Result<Connection, PostgresError> {
        let (client, heard, _) = self.tls.open(&self.config).await.map_err(|error| self.tls.failed(error))?;
        client.batch_execute(&self.settings("SET")).await.map_err(PostgresError::statement)?;
        let process = Process::of(&client).await?;
        heard.own.store(process.pid, Ordering::Release);
        Ok(Connection { client, heard, process })
    }

    /// The settings of each connection, as statements that begin with `set`: `SET` or `SET LOCAL`.
    pub(crate) fn settings(&self, set: &str) -> String {
        let (statement, lock) =
            (self.statement_timeout.as_millis().to_string(), self.lock_timeout.as_millis().to_string());
        let settings = [
            // plans made while the table was empty must not stay scans
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_sort", "off"),
            ("enable_incremental_sort", "off"),
            ("jit", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            // a reader with a snapshot of its own skips
            ("default_transaction_isolation", "'read committed'"),
            ("statement_timeout", &statement),
            ("lock_timeout", &lock),
        ];
        settings.map(|(setting, value)| format!("{set} {setting} = {value};")).concat()
    }
}

/// Connects and starts the task that drives the connection.
pub(crate) async fn start<T>(
    config: &Config,
    tls: T,
) -> Result<(Client, Arc<Heard>, JoinHandle<()>), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, driver) = config.connect(tls).await?;
    let heard = Arc::<Heard>::default();
    let task = tokio::spawn(drive(driver, Arc::clone(&heard)));
    Ok((client, heard, task))
}

/// Passes messages on in the order they arrive: a warning is heard before the answer that follows it.
async fn drive<S>(mut driver: Driver<Socket, S>, heard: Arc<Heard>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut messages = futures_util::stream::poll_fn(move |context| driver.poll_message(context));
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notice(notice)) if notice.routine() == Some("SyncRepWaitForLSN") => {
                heard.unreplicated.fetch_add(1, Ordering::AcqRel);
                tracing::warn!(code = notice.code().code(), "a synchronous replica did not confirm an append");
            }
            Ok(AsyncMessage::Notice(notice)) => {
                // a notice may hold what was sent
                tracing::debug!(code = notice.code().code(), severity = notice.severity(), "a notice of the server");
            }
            Ok(AsyncMessage::Notification(sent)) if sent.process_id() != heard.own.load(Ordering::Acquire) => {
                heard.woken.notify_one();
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection ended");
                break;
            }
        }
    }
    // whoever waits for a notification finds out that there are none any more
    heard.ended.store(true, Ordering::Release);
    heard.woken.notify_one();
}
