//! From a URL to a store.

use std::sync::Arc;

use crate::{EventStore, StoreError};

/// Why a URL did not lead to a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The storage crate for this kind of URL is not compiled in.
    #[error(
        "`{scheme}:` needs the feature `{feature}` of `es`; add it in Cargo.toml: es = {{ features = [\"{feature}\"] }}"
    )]
    FeatureOff {
        /// The part of the URL before the colon.
        scheme: String,
        /// The feature to switch on.
        feature: &'static str,
    },
    /// No storage crate is known for this kind of URL.
    #[error(
        "no store is known for this URL; write `memory:`, `sqlite:` and a path, or `postgres://user@host/database`"
    )]
    UnknownUrl,
    /// The store is known, but could not be opened.
    #[error("the store could not be opened")]
    Store(#[source] StoreError),
}

/// Opens the store that `url` names: `memory:` for a new one in memory, `sqlite:bank.db` for a file with the feature `sqlite`,
/// `postgres://user@host/database` with the feature `postgres`.
///
/// What stands after `sqlite:` is the path, byte for byte: nothing is decoded, and `?` begins no query.
///
/// ```
/// # use es::prelude::*;
/// # async fn example() -> Result<(), es::ConnectError> {
/// let store = es::connect("memory:").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ConnectError`]; when the feature for the URL is off, it names the feature.
#[allow(clippy::unused_async, reason = "stores behind a network await their first connection here")]
pub async fn connect(url: &str) -> Result<Arc<dyn EventStore>, ConnectError> {
    match url.split_once(':') {
        #[cfg(feature = "memory")]
        Some(("memory", "")) => Ok(Arc::new(crate::MemoryStore::new())),
        #[cfg(not(feature = "memory"))]
        Some((scheme @ "memory", "")) => Err(feature_off(scheme, "memory")),
        #[cfg(any(feature = "sqlite", feature = "sqlite-system"))]
        Some(("sqlite", _)) => match crate::SqliteStore::connect(url).await {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(ConnectError::Store(error.into())),
        },
        #[cfg(not(any(feature = "sqlite", feature = "sqlite-system")))]
        Some((scheme @ "sqlite", _)) => Err(feature_off(scheme, "sqlite")),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => match crate::PostgresStore::connect(url).await {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(ConnectError::Store(error.into())),
        },
        #[cfg(not(feature = "postgres"))]
        Some((scheme @ ("postgres" | "postgresql"), _)) => Err(feature_off(scheme, "postgres")),
        _ => Err(ConnectError::UnknownUrl),
    }
}

#[cfg(not(all(feature = "memory", feature = "postgres", any(feature = "sqlite", feature = "sqlite-system"))))]
fn feature_off(scheme: &str, feature: &'static str) -> ConnectError {
    ConnectError::FeatureOff { scheme: scheme.to_owned(), feature }
}
