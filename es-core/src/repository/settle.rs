//! Appends whose answer was lost are sent again until it is known what became of them.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::store::{AppendError, StoreErrorKind, UnknownOutcome};

/// For how long an append whose answer was lost is sent again (with tokio's timer), unless
/// [`with_settle_timeout`](crate::RepositoryExt::with_settle_timeout) says otherwise.
pub const DEFAULT_SETTLE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the sender waits before it sends an append again or decides again, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Grows each time that it was waited for.
#[derive(Debug)]
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// Waits, with tokio's timer.
    pub(crate) async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(LAST_PAUSE);
    }
}

/// What is known of an append that may have to be sent again.
#[derive(Debug)]
pub(crate) struct Settling {
    within: Duration,
    pause: Pause,
    /// Since the first answer was lost: when that was, and what came in its place.
    lost: Option<(Instant, Box<UnknownOutcome>)>,
}

impl Settling {
    pub(crate) fn new(within: Duration) -> Self {
        Self { within, pause: Pause::new(), lost: None }
    }

    /// Goes on where an earlier one had no time left: the first answer was lost, and `outcome` came in its place.
    pub(crate) fn of(outcome: Box<UnknownOutcome>, within: Duration) -> Self {
        Self { lost: Some((Instant::now(), outcome)), ..Self::new(within) }
    }

    /// Waits for the answer to what was sent: the answer when it settles the append, or when there is no time left; `None`
    /// when the very same append is to be sent again.
    ///
    /// What is sent again is waited for no longer than the time that is left.
    pub(crate) async fn ask<T>(
        &mut self,
        sent: impl Future<Output = Result<T, AppendError>>,
    ) -> Option<Result<T, AppendError>> {
        let answer = match self.lost.as_ref().and_then(|(since, _)| since.checked_add(self.within)) {
            None => sent.await,
            Some(end) => match timeout_at(end, sent).await {
                Ok(answer) => answer,
                Err(_) => return self.give_up(),
            },
        };
        match answer {
            Err(AppendError::Unknown(outcome)) => {
                self.lost.get_or_insert_with(|| (Instant::now(), outcome));
            }
            Err(AppendError::Store(error)) if self.lost.is_some() && error.kind() != StoreErrorKind::Closed => {}
            // A closed store gives no other answer any more, nor does one that refuses the request itself.
            Err(error) if self.lost.is_some() && !error.settles() => return self.give_up(),
            answer => return Some(answer),
        }
        let waited = self.lost.as_ref().map(|(since, _)| since.elapsed()).unwrap_or_default();
        if waited.saturating_add(self.pause.0) > self.within {
            return self.give_up();
        }
        self.pause.wait().await;
        None
    }

    /// What came in the place of the first answer.
    fn give_up<T>(&mut self) -> Option<Result<T, AppendError>> {
        self.lost.take().map(|(_, outcome)| Err(AppendError::Unknown(outcome)))
    }
}
