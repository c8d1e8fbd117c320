//! Waking up whoever waits for events: in this process at once, in others by a notification.
//!
//! The notification never rides in an append's transaction, where it would serialise all commits of the server: one
//! task of each store sends it afterwards, one for all appends since the last.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::server::back_off::BackOff;
use crate::server::connection::{Connection, Connector};
use crate::server::error::PostgresError;

/// How far notifications are apart at least.
const GAP: Duration = Duration::from_millis(20);

/// Tells that something was appended, here or elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct WakeUp {
    changed: watch::Sender<()>,
    appended: Arc<Notify>,
}

impl WakeUp {
    pub(crate) fn new() -> Self {
        Self { changed: watch::Sender::new(()), appended: Arc::default() }
    }

    /// This process appended something.
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

/// Listens to other processes and tells them of what this one appended, for ever.
pub(crate) async fn listen(connector: Connector, channel: String, wake_up: WakeUp) {
    let mut back_off = BackOff::listening();
    let mut deaf = false;
    loop {
        let lost = match open(&connector, &channel).await {
            Ok(connection) => {
                if deaf {
                    tracing::info!(channel, "hears other processes again");
                    deaf = false;
                }
                back_off.reset();
                // what was notified before is found by looking
                wake_up.signal();
                relay(&connection, &channel, &wake_up).await
            }
            Err(error) => error,
        };
        if !deaf {
            tracing::warn!(channel, error = %lost, "hears no other process; readers poll until it is mended");
        }
        deaf = true;
        back_off.wait().await;
    }
}

async fn open(connector: &Connector, channel: &str) -> Result<Connection, PostgresError> {
    let connection = connector.open().await?;
    // the channel's name is made by us, of letters and digits; a notification need not outlive a crash of the server
    let set_up = format!("SET synchronous_commit = off; LISTEN {channel}");
    connection.client.batch_execute(&set_up).await.map_err(PostgresError::statement)?;
    Ok(connection)
}

/// Passes notifications on, both ways, until the connection breaks.
async fn relay(connection: &Connection, channel: &str, wake_up: &WakeUp) -> PostgresError {
    loop {
        tokio::select! {
            heard = connection.notices.notified() => {
                if !heard {
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
