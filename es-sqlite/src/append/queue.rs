//! The queue of the thread that writes.
//!
//! Where a commit does not wait for the disk, a small append that meets no other runs on the thread that asks: two changes of
//! threads take longer than the append.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender};
use es_core::{
    AppendError, AppendRequest, Appended, Claim, Claimed, ReadError, ReadModelError, ReadModelId, ReadModelRequest,
    ReadModelStep, SnapshotError, StepPlan, StoredSnapshot, WorkError,
};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    append::{
        job::{Job, PendingAppend, Reply, bytes},
        read_models::ClaimRequest,
        tables::{PlacedWork, WorkJob},
        writer::{Writer, WriterParts},
    },
    codec::row::RowDecoder,
    error::SqliteError,
    file::{error::SqliteOpenError, synchronous::Synchronous},
    read::threads::join,
};

/// The queue of the thread, until it is closed.
pub(crate) struct Queue {
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Used by the thread, and by appends that run on the thread that asks. `None` once the store is closed.
    writer: Arc<Mutex<Option<Writer>>>,
    /// How many jobs were sent and not answered yet.
    unanswered: Arc<AtomicUsize>,
    /// Whether appends may run on the thread that asks.
    here: bool,
}

/// The largest append that runs on the thread that asks.
const EVENTS_HERE: usize = 16;
const BYTES_HERE: usize = 64 * 1024;

impl Queue {
    /// Starts the thread.
    pub(crate) fn start(parts: WriterParts) -> Result<Self, SqliteOpenError> {
        let (sender, jobs) = crossbeam_channel::unbounded();
        let here = parts.settings.synchronous != Synchronous::Full;
        let writer = Arc::new(Mutex::new(Some(Writer::new(parts))));
        let thread = thread::Builder::new().name("es-sqlite-write".to_owned());
        let unanswered = Arc::<AtomicUsize>::default();
        let (of_thread, counted) = (Arc::clone(&writer), Arc::clone(&unanswered));
        let thread = thread.spawn(move || run(&of_thread, &jobs, &counted)).map_err(SqliteOpenError::Thread)?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), writer, unanswered, here })
    }

    pub(crate) async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        if let Some(answer) = self.append_here(&request) {
            return answer;
        }
        self.answer_of(|reply| Job::Append(PendingAppend { request, answer: Some(reply) })).await
    }

    pub(crate) async fn store_snapshot(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        self.answer_of(|reply| Job::Snapshot(snapshot, reply)).await
    }

    pub(crate) async fn claim(&self, request: ClaimRequest) -> Result<Claimed, ReadModelError> {
        self.answer_of(|reply| Job::Claim(request, reply)).await
    }

    pub(crate) async fn advance(&self, claim: Claim, step: ReadModelStep) -> Result<(), ReadModelError> {
        self.answer_of(|reply| Job::Step(claim, step, reply)).await
    }

    pub(crate) async fn ask(&self, model: ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        self.answer_of(|reply| Job::Ask(model, request, reply)).await
    }

    pub(crate) async fn claim_with(&self, request: ClaimRequest, place: PlacedWork) -> Result<Claimed, WorkError> {
        self.answer_of(|reply| Job::Work(WorkJob::Claim(request, place, reply))).await
    }

    pub(crate) async fn advance_with(
        &self,
        claim: Claim,
        plan: StepPlan,
        place: PlacedWork,
    ) -> Result<usize, WorkError> {
        self.answer_of(|reply| Job::Work(WorkJob::Step(Box::new((claim, plan)), place, reply))).await
    }

    /// Sends a job, and waits for its answer.
    async fn answer_of<T, E: From<SqliteError>>(&self, job: impl FnOnce(Reply<T, E>) -> Job) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        self.send(job(reply))?;
        answer.await.unwrap_or_else(|_| Err(SqliteError::Closed.into()))
    }

    /// Appends on this thread; `None` when that would have to wait for anything, and nothing was appended.
    fn append_here(&self, request: &AppendRequest) -> Option<Result<Vec<Appended>, AppendError>> {
        let bytes = || request.events().map(bytes).sum::<usize>();
        if !self.here || request.events().count() > EVENTS_HERE || bytes() > BYTES_HERE {
            return None;
        }
        let mut writer = self.writer.try_lock().ok()?;
        // Those that were sent before come first, also one that the thread has received and waits to execute.
        if self.unanswered.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let writer = writer.as_mut()?;
        let answer = writer.append_here(request);
        if writer.is_checkpoint_due() {
            drop(self.send(Job::Checkpoint));
        }
        answer
    }

    /// Reads on this thread, with the connection of the writer and outside of a transaction; `None` when that would have to wait.
    pub(crate) fn read_here<T>(
        &self,
        task: impl FnOnce(&Connection, &mut RowDecoder) -> Result<T, ReadError>,
    ) -> Option<Result<T, ReadError>> {
        let mut writer = self.writer.try_lock().ok()?;
        writer.as_mut()?.read_here(task)
    }

    /// Fails once the queue is closed.
    pub(crate) fn check_open(&self) -> Result<(), SqliteError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_some() { Ok(()) } else { Err(SqliteError::Closed) }
    }

    fn send(&self, job: Job) -> Result<(), SqliteError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(jobs) = &*jobs else {
            if let Job::Append(mut pending) = job {
                // Nothing was tried, so the caller learns `Closed` and not `Unknown`.
                pending.answer = None;
            }
            return Err(SqliteError::Closed);
        };
        self.unanswered.fetch_add(1, Ordering::SeqCst);
        // A job that the channel does not take answers itself as it is dropped.
        drop(jobs.send(job));
        Ok(())
    }

    /// Lets the jobs that were sent end, and closes the connection.
    pub(crate) fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            if thread.thread().id() == thread::current().id() {
                // The work of a projection held the last handle. The thread ends with this job, and drops the writer then.
                return;
            }
            join(thread);
        }
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// Handles jobs until the queue is closed. Between the work of two projections it handles all else that waits.
fn run(writer: &Mutex<Option<Writer>>, jobs: &Receiver<Job>, unanswered: &AtomicUsize) {
    let mut waiting = VecDeque::new();
    loop {
        let first = if waiting.is_empty() {
            let Ok(first) = jobs.recv() else { return };
            Some(first)
        } else {
            jobs.try_recv().ok()
        };
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        // It is taken only after this thread has ended.
        let Some(writer) = writer.as_mut() else { return };
        let mut batch = Vec::new();
        for job in first.map(|first| writer.batch(first, jobs)).unwrap_or_default() {
            match job {
                Job::Work(work) => waiting.push_back(work),
                job => batch.push(job),
            }
        }
        let mut answered = batch.len();
        writer.handle(batch);
        if let Some(work) = waiting.pop_front() {
            writer.handle_work(work);
            answered += 1;
        }
        unanswered.fetch_sub(answered, Ordering::SeqCst);
        writer.checkpoint_if_due();
    }
}
