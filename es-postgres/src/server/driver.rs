//! The task that drives a connection, and the notices it receives.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering},
};

use futures_util::StreamExt;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_postgres::{AsyncMessage, Client, Config, Connection as Driver, Socket, tls::MakeTlsConnect};

/// Notices and notifications that a connection received.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// How many times the wait for a synchronous replica was cancelled.
    unreplicated: AtomicU64,
    /// Notified when another backend sent a notification, or the connection ended.
    notification: Notify,
    /// Whether the connection has ended.
    ended: AtomicBool,
    /// The process id of this connection's backend, whose notifications are this store's own.
    own_pid: AtomicI32,
}

impl Notices {
    /// Sets the process id of this connection's backend, whose notifications are ignored.
    pub(crate) fn set_own_backend(&self, pid: i32) {
        self.own_pid.store(pid, Ordering::Release);
    }

    pub(crate) fn unreplicated(&self) -> u64 {
        self.unreplicated.load(Ordering::Acquire)
    }

    /// Waits for a notification of another backend; `false` when the connection has ended.
    pub(crate) async fn notified(&self) -> bool {
        self.notification.notified().await;
        !self.ended.load(Ordering::Acquire)
    }
}

/// Connects, and starts the task that drives the connection.
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

/// Drives the connection, and handles messages in order: a warning is recorded before the answer that follows it.
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
                // The notice's text may quote parameters: log the code only.
                tracing::debug!(code = notice.code().code(), severity = notice.severity(), "the server sent a notice");
            }
            Ok(AsyncMessage::Notification(sent)) if sent.process_id() != notices.own_pid.load(Ordering::Acquire) => {
                notices.notification.notify_one();
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "the connection ended");
                break;
            }
        }
    }
    // Wake the task that waits for a notification, so that it sees the end of the connection.
    notices.ended.store(true, Ordering::Release);
    notices.notification.notify_one();
}
