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
/// What stands after `sqlite:` is the path, byte for byte: nothing is decoded, and `?` begins no query. A file that is missing is
/// made.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_whose_feature_is_off_names_the_feature() {
        let sqlite = cfg!(any(feature = "sqlite", feature = "sqlite-system"));
        for (url, feature, on) in [
            ("memory:", "memory", cfg!(feature = "memory")),
            ("sqlite:bank.db", "sqlite", sqlite),
            ("sqlite://bank.db", "sqlite", sqlite),
            ("sqlite:", "sqlite", sqlite),
            ("postgres://localhost/bank", "postgres", cfg!(feature = "postgres")),
            ("postgresql://localhost/bank", "postgres", cfg!(feature = "postgres")),
        ] {
            if on {
                continue;
            }
            let refused = connect(url).await.expect_err(url);
            assert!(matches!(&refused, ConnectError::FeatureOff { feature: off, .. } if *off == feature), "{url}");
            assert!(refused.to_string().contains(&format!("es = {{ features = [\"{feature}\"] }}")), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_url_of_no_store_is_told_what_a_url_looks_like() {
        for url in
            ["", "bank.db", "memory", "memory://", "memory:x", "sqlite", "SQLITE:bank.db", "mysql://localhost/bank"]
        {
            let refused = connect(url).await.expect_err(url);
            assert!(matches!(refused, ConnectError::UnknownUrl), "{url}");
            let text = refused.to_string();
            assert!(["`memory:`", "`sqlite:`", "`postgres://"].iter().all(|scheme| text.contains(scheme)), "{text}");
        }
    }
}
