//! The way to the server: plain, or TLS.
//!
//! `url` reads from the URL which of the two it is, `verified` is TLS by rustls.

mod url;
#[cfg(feature = "tls")]
mod verified;

use std::fmt;
use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use crate::server::driver::{self, Notices};
use crate::server::error::PostgresError;

pub use url::PostgresUrlError;
pub(crate) use url::parse_url;

/// How connections are protected.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Not at all.
    Off,
    /// The server shows a certificate for the host's name, from an authority that is trusted.
    #[cfg(feature = "tls")]
    Verified(tokio_postgres_rustls::MakeRustlsConnect),
}

impl Tls {
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

    /// What a connection that could not be opened failed of.
    pub(crate) fn failed(&self, error: tokio_postgres::Error) -> PostgresError {
        match self {
            #[cfg(feature = "tls")]
            Self::Verified(_) if verified::is_handshake(&error) => PostgresError::Tls(error),
            _ => PostgresError::Connect(error),
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
