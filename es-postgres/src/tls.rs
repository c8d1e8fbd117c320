//! The way to the server: plain, or TLS.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use crate::connection::{self, Heard};

/// How the connection is protected.
#[derive(Debug, Clone)]
pub(crate) enum Tls {
    /// Not at all.
    Off,
}

impl Tls {
    pub(crate) async fn open(
        &self,
        config: &Config,
    ) -> Result<(Client, Arc<Heard>, JoinHandle<()>), tokio_postgres::Error> {
        match self {
            Self::Off => connection::start(config, NoTls).await,
        }
    }
}
