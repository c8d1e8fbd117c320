//! One append, and who waits for its outcome.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use es_core::{Append, AppendError, Appended, Expected, StoreError, UnknownOutcome};
use tokio::sync::oneshot;

use crate::append::columns::weight;
use crate::append::error::PostgresAppendError;

/// What became of an append.
pub(super) type Heard = Result<Vec<Appended>, AppendError>;

/// One append and who waits for its outcome.
#[derive(Debug)]
pub(crate) struct Job {
    pub(super) appends: Arc<Vec<Append>>,
    pub(super) weight: usize,
    pub(super) since: Instant,
    /// Whether it must not go together with others to its stream.
    pub(super) alone: bool,
    /// Whether it was sent and no answer came: then it may be stored, though another attempt is refused.
    pub(super) sent_before: bool,
    answer: oneshot::Sender<Heard>,
}

impl Job {
    /// An append, and where its outcome is heard.
    pub(super) fn new(appends: Arc<Vec<Append>>) -> (Self, oneshot::Receiver<Heard>) {
        let (answer, outcome) = oneshot::channel();
        let (weight, since) = (weight(&appends), Instant::now());
        (Self { appends, weight, since, alone: false, sent_before: false, answer }, outcome)
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    pub(super) fn events(&self) -> usize {
        self.appends.iter().map(|append| append.events.len()).sum()
    }

    /// Its append, where it can follow another one to the same stream whatever that one does to the version.
    pub(super) fn joinable(&self) -> Option<&Append> {
        match self.appends.as_slice() {
            [append] if !self.alone && !append.events.is_empty() && append.expected.version().is_none() => Some(append),
            _ => None,
        }
    }

    /// What it expected, if it lost against `winner`, which took the versions after `taken`.
    pub(super) fn lost_against(&self, winner: &Append, taken: &Range<u64>) -> Option<Expected> {
        let [append] = self.appends.as_slice() else { return None };
        let lost = append.expected.version().is_some_and(|version| taken.contains(&version.get()));
        let same = || append.events.iter().any(|event| winner.events.iter().any(|taken| taken.id() == event.id()));
        (append.stream == winner.stream && lost && !same()).then_some(append.expected)
    }

    pub(super) fn hear(self, outcome: Heard) {
        // a caller that is gone does not want to know
        drop(self.answer.send(outcome));
    }

    /// Nothing was appended by the last attempt.
    pub(super) fn refused(self, source: impl Into<StoreError>) {
        if self.sent_before {
            self.unknown(source);
        } else {
            self.hear(Err(AppendError::Store(source.into())));
        }
    }

    /// It may have been appended.
    pub(super) fn unknown(self, source: impl Into<StoreError>) {
        let appends = Arc::unwrap_or_clone(self.appends);
        drop(self.answer.send(Err(UnknownOutcome::new(appends, source).into())));
    }
}

/// One error for every append of a batch; who is alone gets it as it is.
pub(super) fn share(mut jobs: Vec<Job>, error: PostgresAppendError, tell: impl Fn(Job, StoreError)) {
    match (jobs.pop(), jobs.is_empty()) {
        (Some(job), true) => tell(job, error.into()),
        (last, _) => {
            let error = Shared(Arc::new(error));
            jobs.into_iter().chain(last).for_each(|job| tell(job, error.clone().into()));
        }
    }
}

impl From<Shared> for StoreError {
    fn from(shared: Shared) -> Self {
        Self::new(shared.0.kind(), shared)
    }
}

/// An error that several appends are answered with.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
struct Shared(Arc<PostgresAppendError>);
