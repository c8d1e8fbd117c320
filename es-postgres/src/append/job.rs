//! A job of the writer: one append, and the channel to the caller that awaits it.

use std::{ops::Range, sync::Arc, time::Instant};

use es_core::{Append, AppendError, Appended, Expected, StoreError, UnknownOutcome};
use tokio::sync::oneshot;

use crate::append::{columns::wire_bytes, error::PostgresAppendError};

/// The outcome of an append, as its caller receives it.
pub(super) type AppendResult = Result<Vec<Appended>, AppendError>;

/// One append, and the channel to the caller that awaits it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(super) appends: Arc<Vec<Append>>,
    pub(super) wire_bytes: usize,
    pub(super) queued_at: Instant,
    /// Whether it must not be merged with other appends to its stream.
    pub(super) never_merge: bool,
    /// Whether an earlier attempt had no usable answer. Then it may be stored, even when a later attempt is refused.
    pub(super) answer_lost: bool,
    reply: oneshot::Sender<AppendResult>,
}

impl Job {
    /// Makes a job, and the receiver of its outcome.
    pub(super) fn new(appends: Arc<Vec<Append>>) -> (Self, oneshot::Receiver<AppendResult>) {
        let (reply, outcome) = oneshot::channel();
        let (wire_bytes, queued_at) = (wire_bytes(&appends), Instant::now());
        (Self { appends, wire_bytes, queued_at, never_merge: false, answer_lost: false, reply }, outcome)
    }

    /// Whether the caller has dropped its future.
    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub(super) fn events(&self) -> usize {
        self.appends.iter().map(|append| append.events.len()).sum()
    }

    /// Its append, if it can be merged behind another append to the same stream: it expects no exact version.
    pub(super) fn mergeable(&self) -> Option<&Append> {
        match self.appends.as_slice() {
            [append] if !self.never_merge && !append.events.is_empty() && append.expected.version().is_none() => {
                Some(append)
            }
            _ => None,
        }
    }

    /// What it expected, if that is one of the `outdated` versions, which the stream had before `winner`. `None` where the
    /// two share an event: then it may be a repeat, which the server must decide.
    pub(super) fn conflict_with(&self, winner: &Append, outdated: &Range<u64>) -> Option<Expected> {
        let [append] = self.appends.as_slice() else { return None };
        let stale = append.expected.version().is_some_and(|version| outdated.contains(&version.get()));
        let shares_event = || append.events.iter().any(|event| winner.events.iter().any(|won| won.id() == event.id()));
        (append.stream == winner.stream && stale && !shares_event()).then_some(append.expected)
    }

    pub(super) fn answer(self, outcome: AppendResult) {
        // The caller may have dropped its future.
        drop(self.reply.send(outcome));
    }

    /// Answers that nothing was appended, or that it is unknown, if an earlier attempt had no answer.
    pub(super) fn answer_refused(self, source: impl Into<StoreError>) {
        if self.answer_lost {
            self.answer_unknown(source);
        } else {
            self.answer(Err(AppendError::Store(source.into())));
        }
    }

    /// Answers that the append may be stored.
    pub(super) fn answer_unknown(self, source: impl Into<StoreError>) {
        let appends = Arc::unwrap_or_clone(self.appends);
        drop(self.reply.send(Err(UnknownOutcome::new(appends, source).into())));
    }
}

/// Answers each job with the same error.
pub(super) fn answer_all(jobs: Vec<Job>, error: &PostgresAppendError, answer: impl Fn(Job, PostgresAppendError)) {
    for job in jobs {
        answer(job, error.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_append_of_a_refused_batch_has_an_error_that_downcasts() {
        let (jobs, receivers): (Vec<Job>, Vec<_>) = (0..3).map(|_| Job::new(Arc::default())).unzip();
        answer_all(jobs, &PostgresAppendError::NotReplicated, Job::answer_refused);
        for receiver in receivers {
            let Ok(Err(AppendError::Store(error))) = receiver.await else { panic!("the append is not refused") };
            assert!(matches!(error.downcast_ref(), Some(PostgresAppendError::NotReplicated)), "{error:?}");
        }
    }
}
