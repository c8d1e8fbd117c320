//! The request: appends and idempotency keys that a store takes all or nothing.

use crate::store::{Append, AppendError, IdempotencyKey, NewEvent};

/// A request to append, all or nothing: appends and idempotency keys. Either list may be empty.
///
/// A list of [`Append`]s, or one of them, becomes a request with `into()`:
///
/// ```
/// # use es_core::*;
/// # async fn example(store: &dyn EventStore, opened: Append, digest: [u8; 32]) -> Result<(), Box<dyn std::error::Error>> {
/// store.append(opened.clone().into()).await?;
///
/// let key = IdempotencyKey::new("request-4711", digest, r#"{"opened":"4711"}"#)?;
/// match store.append(AppendRequest::new([opened]).with_key(key)).await {
///     Ok(appended) => assert_eq!(appended.len(), 1),
///     Err(AppendError::KeyTaken(taken)) => println!("done before: {:?}", taken.first().outcome()),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendRequest {
    appends: Vec<Append>,
    keys: Vec<IdempotencyKey>,
}

impl AppendRequest {
    /// Creates a request for `appends`, without keys.
    pub fn new(appends: impl IntoIterator<Item = Append>) -> Self {
        Self { appends: appends.into_iter().collect(), keys: Vec::new() }
    }

    /// Adds a key. The store executes the request only if none of its keys was taken before, and takes all of them with it.
    /// A request may have keys and no events.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The appends, one for each stream.
    pub fn appends(&self) -> &[Append] {
        &self.appends
    }

    /// The keys.
    pub fn keys(&self) -> &[IdempotencyKey] {
        &self.keys
    }

    /// The events of all appends, in order.
    pub fn events(&self) -> impl Iterator<Item = &NewEvent> {
        self.appends.iter().flat_map(|append| &append.events)
    }

    /// Takes the request apart. If a later release lets a request ask for more, it becomes another part of the tuple, so that
    /// a store that ignores it does not compile.
    ///
    /// ```
    /// # use es_core::AppendRequest;
    /// let (appends, keys) = AppendRequest::default().into_parts();
    /// assert!(appends.is_empty() && keys.is_empty());
    /// ```
    pub fn into_parts(self) -> (Vec<Append>, Vec<IdempotencyKey>) {
        (self.appends, self.keys)
    }

    /// Takes the appends, for a store that supports nothing else: anything else in the request is an error, so that the store
    /// ignores nothing. Call it before anything is written.
    ///
    /// ```
    /// # use es_core::{AppendError, AppendRequest, IdempotencyKey};
    /// assert!(AppendRequest::default().into_appends().is_ok());
    ///
    /// let key = IdempotencyKey::new("request-4711", [0; 32], "")?;
    /// let refused = AppendRequest::default().with_key(key).into_appends();
    /// assert!(matches!(refused, Err(AppendError::KeysUnsupported)));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    ///
    /// # Errors
    /// [`AppendError::KeysUnsupported`] when there are keys.
    pub fn into_appends(self) -> Result<Vec<Append>, AppendError> {
        if self.keys.is_empty() { Ok(self.appends) } else { Err(AppendError::KeysUnsupported) }
    }
}

impl From<Vec<Append>> for AppendRequest {
    fn from(appends: Vec<Append>) -> Self {
        Self { appends, keys: Vec::new() }
    }
}

impl From<Append> for AppendRequest {
    fn from(append: Append) -> Self {
        Self::new([append])
    }
}
