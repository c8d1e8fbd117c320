//! How projections run: the length of a lease, how often an event is tried, and who is told of a failure.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use crate::projection::FollowError;

/// Called with the name of a projection and what happened to it.
type Alert = Arc<dyn Fn(&'static str, &FollowError) + Send + Sync>;

/// How projections run.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) lease: Duration,
    pub(crate) retries: u32,
    /// The longest time for what a projection does with an event.
    pub(crate) handler_timeout: Duration,
    pub(crate) on_failure: Option<Alert>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(5), retries: 5, handler_timeout: Duration::from_secs(30), on_failure: None }
    }
}

impl Settings {
    /// Tells the log, and whom the application names, that a projection no longer goes on.
    pub(crate) fn alert(&self, projection: &'static str, error: &FollowError) {
        tracing::error!(projection, %error, cause = error.source().map(tracing::field::display), "a projection has stopped");
        if let Some(on_failure) = &self.on_failure {
            on_failure(projection, error);
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lease, retries, handler_timeout, on_failure } = self;
        f.debug_struct("Settings")
            .field("lease", lease)
            .field("retries", retries)
            .field("handler_timeout", handler_timeout)
            .field("on_failure", &on_failure.is_some())
            .finish()
    }
}
