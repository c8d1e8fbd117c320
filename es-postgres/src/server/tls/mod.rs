//! Connections without encryption, or with TLS.
//!
//! `url` reads from the URL which of the two it is, and `error` is what can be wrong there. `connector` opens connections, and
//! `verified` sets up TLS with rustls.

mod connector;
mod error;
mod url;
#[cfg(feature = "tls")]
mod verified;

pub(crate) use connector::Tls;
pub use error::PostgresUrlError;
pub(crate) use url::parse_url;
