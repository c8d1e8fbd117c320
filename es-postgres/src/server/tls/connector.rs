//! Opens connections, encrypted or not.

use std::{fmt, sync::Arc};

use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Config, NoTls};

#[cfg(feature = "tls")]
use crate::server::tls::verified::{self, is_rejection};
use crate::server::{
    driver::{self, Notices},
    error::PostgresError,
};

/// How connections are encrypted.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Without encryption.
    Off,
    /// With TLS. The server must have a certificate for the host's name from a trusted authority.
    #[cfg(feature = "tls")]
    Verified(tokio_postgres_rustls::MakeRustlsConnect),
}

impl Tls {
    /// Opens a connection, and starts the task that drives it.
    pub(crate) async fn open(
        &self,
        config: &Config,
    ) -> Result<(Client, Arc<Notices>, JoinHandle<()>), tokio_postgres::Error> {
        match self {
            Self::Off => driver::connect(config, NoTls).await,
            #[cfg(feature = "tls")]
            Self::Verified(connector) => driver::connect(config, connector.clone()).await,
        }
    }

    /// Asks the server to end the statement that runs on a connection.
    pub(crate) async fn cancel(&self, connection: &CancelToken) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Off => connection.cancel_query(NoTls).await,
            #[cfg(feature = "tls")]
            Self::Verified(connector) => connection.cancel_query(connector.clone()).await,
        }
    }

    /// Converts the error of a connection that could not be opened.
    pub(crate) fn connect_error(&self, error: tokio_postgres::Error) -> PostgresError {
        if self.is_tls_failure(&error) { PostgresError::Tls(error) } else { PostgresError::Connect(error) }
    }

    /// Whether a connection could not be opened because TLS failed. A pool of the application's may use TLS of its own, also
    /// where this is off.
    pub(crate) fn is_tls_failure(&self, error: &tokio_postgres::Error) -> bool {
        match self {
            Self::Off => is_rejection(error),
            #[cfg(feature = "tls")]
            Self::Verified(_) => verified::is_handshake(error),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            #[cfg(feature = "tls")]
            Self::Verified(_) => "Verified",
        })
    }
}

/// Without the feature `tls` no connection of this crate is encrypted.
#[cfg(not(feature = "tls"))]
fn is_rejection(_: &tokio_postgres::Error) -> bool {
    false
}
