//! The task that drives a connection, and what it hears.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection as Driver, Socket};

/// What the server says aside from answers.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// How often the wait for a synchronous replica was cut short.
    unreplicated: AtomicU64,
    /// Notifications of other processes.
    notification: Notify,
    /// Whether the connection ended.
    ended: AtomicBool,
    /// The server's process of this connection, whose notifications are our own.
    own_pid: AtomicI32,
}

impl Notices {
    /// The connection's own process: what it notifies others of is no news here.
    pub(crate) fn set_own_backend(&self, pid: i32) {
        self.own_pid.store(pid, Ordering::Release);
    }

    pub(crate) fn unreplicated(&self) -> u64 {
        self.unreplicated.load(Ordering::Acquire)
    }

    /// Waits for a notification of another process; `false` when the connection ended.
    pub(crate) async fn notified(&self) -> bool {
        self.notification.notified().await;
        !self.ended.load(Ordering::Acquire)
    }
}

/// Connects and starts the task that drives the connection.
pub(crate) async fn connect<T>(
    config: &Config,
    tls: T,
) -> Result<(Client, Arc<Notices>, JoinHandle<()>), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, driver) = config.connect(tls).await?;
    let notices = Arc::<Notices>::default();
    let task = tokio::spawn(drive(driver, Arc::clone(&notices)));
    Ok((client, notices, task))
}

/// Passes messages on in the order they arrive: a warning is heard before the answer that follows it.
async fn drive<S>(mut driver: Driver<Socket, S>, notices: Arc<Notices>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut messages = futures_util::stream::poll_fn(move |context| driver.poll_message(context));
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notice(notice)) if notice.routine() == Some("SyncRepWaitForLSN") => {
                notices.unreplicated.fetch_add(1, Ordering::AcqRel);
                tracing::warn!(code = notice.code().code(), "a synchronous replica did not confirm an append");
            }
            Ok(AsyncMessage::Notice(notice)) => {
                // a notice may hold what was sent
                tracing::debug!(code = notice.code().code(), severity = notice.severity(), "a notice of the server");
            }
            Ok(AsyncMessage::Notification(sent)) if sent.process_id() != notices.own_pid.load(Ordering::Acquire) => {
                notices.notification.notify_one();
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection ended");
                break;
            }
        }
    }
    // whoever waits for a notification finds out that there are none any more
    notices.ended.store(true, Ordering::Release);
    notices.notification.notify_one();
}
