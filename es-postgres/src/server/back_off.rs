//! Pauses between retries and between polls.

use std::time::{Duration, Instant};

use crate::server::error::PostgresError;

/// Pauses that grow from the first to the longest, and start again after a [reset](Self::reset).
///
/// | purpose | first | each next | longest |
/// |---|---|---|---|
/// | [a lost connection](Self::reconnecting) | 10 ms | twice as long | 500 ms |
/// | [a lost listener](Self::listening) | 100 ms | twice as long | 5 s |
/// | [an idle log](Self::polling) | 5 ms | twice as long | 250 ms |
/// | [a caller's transaction](Self::watching) | 2 ms | a tenth longer | 250 ms |
///
/// There is no random jitter: the pauses are the same in every process.
#[derive(Debug, Clone)]
pub(crate) struct BackOff {
    first: Duration,
    longest: Duration,
    /// The length of the next pause, in tenths of this one.
    tenths: u32,
    next: Duration,
}

impl BackOff {
    /// Between attempts to reach a server whose connection was lost or could not be opened.
    pub(crate) const fn reconnecting() -> Self {
        Self::new(Duration::from_millis(10), 20, Duration::from_millis(500))
    }

    /// Between attempts to listen for notifications. Readers poll meanwhile.
    pub(crate) const fn listening() -> Self {
        Self::new(Duration::from_millis(100), 20, Duration::from_secs(5))
    }

    /// Between polls of the frontier, without a notification of an append.
    pub(crate) const fn polling() -> Self {
        Self::new(Duration::from_millis(5), 20, Duration::from_millis(250))
    }

    /// Between polls of whether a caller's transaction has ended: a tenth of the time it has taken so far.
    pub(crate) const fn watching() -> Self {
        Self::new(Duration::from_millis(2), 11, Duration::from_millis(250))
    }

    const fn new(first: Duration, tenths: u32, longest: Duration) -> Self {
        Self { first, longest, tenths, next: first }
    }

    /// Returns the next pause, for a caller that waits for something else at the same time.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * self.tenths / 10).min(self.longest);
        pause
    }

    /// Waits for the next pause.
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.next_pause()).await;
    }

    /// Starts again with the first pause, after a success or for something new.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Retries an operation whose connection was lost, until a deadline.
#[derive(Debug)]
pub(crate) struct Retry {
    deadline: Instant,
    back_off: BackOff,
}

impl Retry {
    /// Allows retries for this long from now on.
    pub(crate) fn new(retry_for: Duration) -> Self {
        Self { deadline: Instant::now() + retry_for, back_off: BackOff::reconnecting() }
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Waits for the pause before the next attempt.
    pub(crate) async fn wait(&mut self) {
        self.back_off.wait().await;
    }

    /// Waits before the next attempt, or returns the error when there is none.
    pub(crate) async fn after(&mut self, error: PostgresError) -> Result<(), PostgresError> {
        if !error.ends_session() || self.is_over() {
            return Err(error);
        }
        tracing::debug!(%error, "the connection was lost; the statement is retried");
        self.wait().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(back_off: &mut BackOff, count: usize) -> Vec<u128> {
        (0..count).map(|_| back_off.next_pause().as_millis()).collect()
    }

    #[test]
    fn pauses_grow_up_to_the_longest_and_start_again_after_a_reset() {
        for (mut back_off, schedule) in [
            (BackOff::reconnecting(), [10, 20, 40, 80, 160, 320, 500, 500]),
            (BackOff::listening(), [100, 200, 400, 800, 1600, 3200, 5000, 5000]),
            (BackOff::polling(), [5, 10, 20, 40, 80, 160, 250, 250]),
        ] {
            assert_eq!(pauses(&mut back_off, 8), schedule);
            back_off.reset();
            assert_eq!(pauses(&mut back_off, 2), schedule[..2]);
        }
    }

    #[test]
    fn a_transaction_is_polled_after_a_tenth_of_its_time() {
        let mut back_off = BackOff::watching();
        let mut waited = Duration::ZERO;
        for _ in 0..100 {
            let pause = back_off.next_pause();
            let tenth = (waited / 10 + Duration::from_millis(2)).min(Duration::from_millis(250));
            assert!(pause.abs_diff(tenth) < Duration::from_micros(1), "{pause:?} after {waited:?}");
            waited += pause;
        }
        assert_eq!(back_off.next_pause(), Duration::from_millis(250));
    }

    #[test]
    fn retrying_for_no_time_ends_at_once() {
        assert!(Retry::new(Duration::ZERO).is_over());
        assert!(!Retry::new(Duration::from_mins(10)).is_over());
    }
}
