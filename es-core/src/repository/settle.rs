//! Sends an append whose answer was lost again, until its outcome is known.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::store::{AppendError, StoreErrorKind, UnknownOutcome};

/// For how long an append whose answer was lost is sent again (by tokio's timer), unless
/// [`with_settle_timeout`](crate::RepositoryExt::with_settle_timeout) sets another time.
pub const DEFAULT_SETTLE_TIMEOUT: Duration = Duration::from_secs(15);
/// The first and the longest pause before an append is sent again or a command is decided again.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// A back-off: each wait is twice as long as the one before, up to [`LAST_PAUSE`].
#[derive(Debug)]
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// Waits, by tokio's timer.
    pub(crate) async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(LAST_PAUSE);
    }
}

/// The progress of an append that may have to be sent again.
#[derive(Debug)]
pub(crate) struct Settling {
    within: Duration,
    pause: Pause,
    /// When the first answer was lost, and the error that replaced it.
    lost: Option<(Instant, Box<UnknownOutcome>)>,
}

impl Settling {
    pub(crate) fn new(within: Duration) -> Self {
        Self { within, pause: Pause::new(), lost: None }
    }

    /// Continues for an append whose first answer was lost, with the error `outcome`.
    pub(crate) fn of(outcome: Box<UnknownOutcome>, within: Duration) -> Self {
        Self { lost: Some((Instant::now(), outcome)), ..Self::new(within) }
    }

    /// Waits for the answer to the append `sent`. Gives the answer if it settles the append; the first lost answer when the
    /// timeout has passed; [`AppendError::Unknown`] with the refusal when the store is closed or refuses the repeat; or `None`
    /// when the caller must send the same append again.
    ///
    /// Waits for the answer to a repeated append no longer than the time that is left.
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
        match (answer, &mut self.lost) {
            (Err(AppendError::Unknown(outcome)), lost) => {
                lost.get_or_insert_with(|| (Instant::now(), outcome));
            }
            (Err(AppendError::Store(error)), Some(_)) if error.kind() != StoreErrorKind::Closed => {}
            // Sending again is not expected to help: the store is closed, or refuses the request itself.
            (Err(error), Some(_)) => {
                let (_, lost) = self.lost.take()?;
                return Some(Err(error.of_repeat(lost.into_request())));
            }
            (answer, _) => return Some(answer),
        }
        let waited = self.lost.as_ref().map(|(since, _)| since.elapsed()).unwrap_or_default();
        if waited.saturating_add(self.pause.0) > self.within {
            return self.give_up();
        }
        self.pause.wait().await;
        None
    }

    /// Gives the error that replaced the first answer.
    fn give_up<T>(&mut self) -> Option<Result<T, AppendError>> {
        self.lost.take().map(|(_, outcome)| Err(AppendError::Unknown(outcome)))
    }
}
