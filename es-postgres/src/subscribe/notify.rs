//! Wakes subscriptions after an append: in this process at once, in other processes with `NOTIFY`.
//!
//! An append's transaction never contains `NOTIFY`, which would serialise all commits of the server. One task of each store
//! sends a single notification afterwards, for all appends since the previous one.
//!
//! A lost notification delays subscribers by 250 ms at most: the follower also polls the frontier.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

use crate::server::{
    back_off::BackOff,
    connection::{Connection, Connector},
    error::PostgresError,
};

/// The shortest time between two notifications.
const GAP: Duration = Duration::from_millis(20);

/// Signals that this process or another one appended events.
#[derive(Debug, Clone)]
pub(crate) struct WakeUp {
    /// Wakes this process's readers.
    changed: watch::Sender<()>,
    /// Tells the listening task to notify other processes.
    appended: Arc<Notify>,
}

impl WakeUp {
    pub(crate) fn new() -> Self {
        Self { changed: watch::Sender::new(()), appended: Arc::default() }
    }

    /// Signals an append of this process.
    pub(crate) fn appended(&self) {
        self.signal();
        self.appended.notify_one();
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn signal(&self) {
        self.changed.send_replace(());
    }
}

/// Listens for notifications of other processes and notifies them of this one's appends. Never returns.
pub(crate) async fn listen(connector: Connector, channel: String, wake_up: WakeUp) {
    let mut back_off = BackOff::listening();
    let mut listening = true;
    loop {
        let error = match listen_on(&connector, &channel).await {
            Ok(connection) => {
                if !listening {
                    tracing::info!(channel, "listens for notifications again");
                    listening = true;
                }
                back_off.reset();
                // Look at the log once: notifications sent before `LISTEN` did not arrive.
                wake_up.signal();
                relay(&connection, &channel, &wake_up).await
            }
            Err(error) => error,
        };
        if listening {
            tracing::warn!(
                channel,
                %error,
                "cannot listen for notifications; until the connection is restored, subscriptions see new events of other \
                 processes only when they poll"
            );
        }
        listening = false;
        back_off.wait().await;
    }
}

async fn listen_on(connector: &Connector, channel: &str) -> Result<Connection, PostgresError> {
    let connection = connector.open().await?;
    // The channel's name is generated from letters and digits. A notification need not survive a crash of the server.
    let set_up = format!("SET synchronous_commit = off; LISTEN {channel}");
    connection.client.batch_execute(&set_up).await.map_err(PostgresError::statement)?;
    Ok(connection)
}

/// Relays notifications in both directions until the connection breaks.
async fn relay(connection: &Connection, channel: &str, wake_up: &WakeUp) -> PostgresError {
    loop {
        tokio::select! {
            connected = connection.notices.notified() => {
                if !connected {
                    return PostgresError::Lost("the connection has ended".into());
                }
                wake_up.signal();
            }
            () = wake_up.appended.notified() => {
                if let Err(error) = connection.client.execute("SELECT pg_notify($1, '')", &[&channel]).await {
                    return PostgresError::statement(error);
                }
                tokio::time::sleep(GAP).await;
            }
        }
    }
}
