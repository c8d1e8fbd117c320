//! What the writer is asked for, and its answers.

use bytes::Bytes;
use es_core::{AppendError, AppendRequest, Appended, NewEvent, SnapshotError, StoredSnapshot, UnknownOutcome};
use tokio::sync::oneshot;

use crate::error::SqliteError;

/// The bytes of a page.
const PAGE_BYTES: usize = 4_096;

/// What the thread is asked for.
pub(super) enum Job {
    Append(PendingAppend),
    Snapshot(StoredSnapshot, oneshot::Sender<Result<(), SnapshotError>>),
    /// To copy the write-ahead log into the file. Nobody waits for an answer.
    Checkpoint,
}

/// What a transaction executes.
#[derive(Clone, Copy)]
pub(super) enum Work<'a> {
    Append(&'a AppendRequest),
    Snapshot(&'a StoredSnapshot),
    Nothing,
}

/// An append that waits for its answer. When it gets none, as when the thread ends in between, the answer is `Unknown`.
pub(super) struct PendingAppend {
    pub(super) request: AppendRequest,
    pub(super) answer: Option<oneshot::Sender<Result<Vec<Appended>, AppendError>>>,
}

impl PendingAppend {
    pub(super) fn answer(mut self, result: Result<Vec<Appended>, AppendError>) {
        if let Some(answer) = self.answer.take() {
            // The caller may be gone; then the append is done all the same.
            drop(answer.send(result));
        }
    }

    pub(super) fn unknown(mut self, source: SqliteError) {
        let request = std::mem::take(&mut self.request);
        self.answer(Err(UnknownOutcome::new(request, source).into()));
    }
}

impl Drop for PendingAppend {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            let request = std::mem::take(&mut self.request);
            drop(answer.send(Err(UnknownOutcome::new(request, SqliteError::Closed).into())));
        }
    }
}

/// What became of one job of a batch that was committed.
pub(super) enum Outcome {
    Append(Result<Vec<Appended>, AppendError>),
    Snapshot(Result<(), SnapshotError>),
    Nothing,
}

pub(super) fn bytes(event: &NewEvent) -> usize {
    event.payload().len() + event.metadata().map_or(0, Bytes::len)
}

impl Work<'_> {
    /// About how many pages of the write-ahead log it takes: each event changes the table and three indexes.
    pub(super) fn pages(&self) -> usize {
        match self {
            Self::Append(request) => {
                4 + request.events().count() + request.events().map(bytes).sum::<usize>() / PAGE_BYTES
            }
            Self::Snapshot(snapshot) => 2 + snapshot.payload.len() / PAGE_BYTES,
            Self::Nothing => 0,
        }
    }
}

impl Job {
    pub(super) fn work(&self) -> Work<'_> {
        match self {
            Self::Append(pending) => Work::Append(&pending.request),
            Self::Snapshot(snapshot, _) => Work::Snapshot(snapshot),
            Self::Checkpoint => Work::Nothing,
        }
    }

    pub(super) fn answer(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Append(pending), Outcome::Append(result)) => pending.answer(result),
            (Self::Snapshot(_, answer), Outcome::Snapshot(result)) => drop(answer.send(result)),
            // Outcomes are in the order of the jobs.
            (job, _) => drop(job),
        }
    }

    /// Answers a job of which nothing was written.
    pub(super) fn fail(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.answer(Err(error.into())),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
            Self::Checkpoint => {}
        }
    }

    pub(super) fn unknown(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.unknown(error),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
            Self::Checkpoint => {}
        }
    }
}
