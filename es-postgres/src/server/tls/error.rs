//! The error of a URL, and of what it says about TLS.

use es_core::StoreErrorKind;

use crate::server::error::{BoxError, impl_store_error};

/// Why a URL cannot be used: it names no server, or the TLS that it asks for is not available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresUrlError {
    /// The URL does not describe a server.
    #[error("the URL does not describe a PostgreSQL server: {0}; write `postgres://user@host/database`")]
    Malformed(String),
    /// The URL's `sslmode` may connect without TLS, or is unknown.
    #[error(
        "`sslmode={0}` may connect without TLS; write `verify-full`, or `disable` to connect without TLS on purpose"
    )]
    SslMode(String),
    /// The server is on another machine, and this program was built without TLS.
    #[error(
        "`{host}` needs TLS; switch on the feature `tls` of `es-postgres` (`postgres-tls` of `es`), or write \
         `sslmode=disable` into the URL to connect without encryption"
    )]
    Unprotected {
        /// The host.
        host: String,
    },
    /// There is no trusted certificate.
    #[error(
        "no trusted certificate in `{place}`; name a PEM file of authorities with `sslrootcert=…`, or write \
         `sslmode=disable` to connect without TLS"
    )]
    Certificates {
        /// Where the certificates were looked for.
        place: String,
        /// Why none was found.
        source: BoxError,
    },
}

impl PostgresUrlError {
    /// Returns how the caller should react: the URL, or the file it names, has to be changed first.
    ///
    /// ```
    /// use es_core::StoreErrorKind;
    /// use es_postgres::PostgresUrlError;
    ///
    /// let error = PostgresUrlError::SslMode("prefer".to_owned());
    /// assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        StoreErrorKind::Misconfigured
    }
}

impl_store_error!(PostgresUrlError);
