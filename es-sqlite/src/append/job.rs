//! What the writer is asked for, and its answers.

use bytes::Bytes;
use es_core::{
    AppendError, AppendRequest, Appended, Claim, Claimed, NewEvent, ReadModelError, ReadModelId, ReadModelRequest,
    ReadModelStep, SnapshotError, StoredRow, StoredSnapshot, UnknownOutcome,
};
use tokio::sync::oneshot;

use crate::{
    append::{read_models::ClaimRequest, tables::WorkJob},
    error::SqliteError,
    file::synchronous::Synchronous,
};

/// The bytes of a page.
const PAGE_BYTES: usize = 4_096;

/// What the thread is asked for.
pub(super) enum Job {
    Append(PendingAppend),
    Snapshot(StoredSnapshot, Reply<(), SnapshotError>),
    Claim(ClaimRequest, Reply<Claimed, ReadModelError>),
    Step(Claim, ReadModelStep, Reply<(), ReadModelError>),
    Ask(ReadModelId, ReadModelRequest, Reply<(), ReadModelError>),
    /// To do work of a projection, in a transaction of its own.
    Work(WorkJob),
    /// To copy the write-ahead log into the file. Nobody waits for an answer.
    Checkpoint,
}

/// Where the answer goes. The caller may be gone; then the job is done all the same.
pub(super) type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// What a transaction executes.
#[derive(Clone, Copy)]
pub(super) enum Work<'a> {
    Append(&'a AppendRequest),
    Snapshot(&'a StoredSnapshot),
    Claim(&'a ClaimRequest),
    Step(&'a Claim, &'a ReadModelStep),
    Ask(&'a ReadModelId, ReadModelRequest),
    Nothing,
}

/// An append that waits for its answer. When it gets none, as when the thread ends in between, the answer is `Unknown`.
pub(super) struct PendingAppend {
    pub(super) request: AppendRequest,
    pub(super) answer: Option<Reply<Vec<Appended>, AppendError>>,
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
    Claim(Claimed),
    Step(Result<(), ReadModelError>),
    Ask(Result<(), ReadModelError>),
    Nothing,
}

pub(super) fn bytes(event: &NewEvent) -> usize {
    event.payload().len() + event.metadata().map_or(0, Bytes::len)
}

fn row_bytes(row: &StoredRow) -> usize {
    row.key.len() + row.state.len()
}

impl Work<'_> {
    /// How many events or rows it writes, and how many bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        match self {
            Self::Append(request) => (request.events().count(), request.events().map(bytes).sum()),
            Self::Snapshot(snapshot) => (1, snapshot.payload.len()),
            Self::Step(_, step) => (1 + step.rows.len(), step.rows.iter().map(row_bytes).sum()),
            Self::Claim(_) | Self::Ask(..) => (1, 0),
            Self::Nothing => (0, 0),
        }
    }

    /// About how many pages of the write-ahead log it takes: each event changes the table and three indexes, and each row may be
    /// in a page of its own.
    pub(super) fn pages(&self) -> usize {
        let (count, bytes) = self.size();
        match self {
            Self::Append(_) => 4 + count + bytes / PAGE_BYTES,
            Self::Snapshot(_) | Self::Step(..) | Self::Claim(_) | Self::Ask(..) => 1 + count + bytes / PAGE_BYTES,
            Self::Nothing => 0,
        }
    }

    /// How much of it must be on the disk when it is answered, in a store with the setting `store`.
    pub(super) fn synchronous(&self, store: Synchronous) -> Synchronous {
        match self {
            Self::Append(_) | Self::Snapshot(_) => store,
            Self::Claim(_) | Self::Ask(..) => Synchronous::Full,
            // Never ahead of the log all the same. The write-ahead log has one order: the events that a step handled were
            // committed before it, and what a power loss leaves of the write-ahead log is its beginning.
            Self::Step(..) | Self::Nothing => Synchronous::LosesLastEventsOnPowerLoss,
        }
    }
}

impl Job {
    pub(super) fn work(&self) -> Work<'_> {
        match self {
            Self::Append(pending) => Work::Append(&pending.request),
            Self::Snapshot(snapshot, _) => Work::Snapshot(snapshot),
            Self::Claim(request, _) => Work::Claim(request),
            Self::Step(claim, step, _) => Work::Step(claim, step),
            Self::Ask(model, request, _) => Work::Ask(model, *request),
            Self::Work(_) | Self::Checkpoint => Work::Nothing,
        }
    }

    pub(super) fn answer(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Append(pending), Outcome::Append(result)) => pending.answer(result),
            (Self::Snapshot(_, answer), Outcome::Snapshot(result)) => drop(answer.send(result)),
            (Self::Claim(_, answer), Outcome::Claim(claimed)) => drop(answer.send(Ok(claimed))),
            (Self::Step(.., answer), Outcome::Step(result)) | (Self::Ask(.., answer), Outcome::Ask(result)) => {
                drop(answer.send(result));
            }
            // Outcomes are in the order of the jobs.
            (job, _) => drop(job),
        }
    }

    /// Answers a job of which nothing was written.
    pub(super) fn fail(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.answer(Err(error.into())),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
            Self::Claim(_, answer) => drop(answer.send(Err(error.into()))),
            Self::Step(.., answer) | Self::Ask(.., answer) => drop(answer.send(Err(error.into()))),
            Self::Work(work) => work.fail(error),
            Self::Checkpoint => {}
        }
    }

    pub(super) fn unknown(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.unknown(error),
            // Their errors say that it may have been done.
            job => job.fail(error),
        }
    }
}
