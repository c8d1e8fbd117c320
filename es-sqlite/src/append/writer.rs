//! The thread that writes. It takes all appends that wait into one transaction; each keeps its own verdict.
//!
//! Where a commit does not wait for the disk, a small append that meets no other runs on the thread that asks: two changes of
//! threads take longer than the append.

use std::{
    fmt,
    fs::File,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use es_core::{
    AppendError, AppendRequest, Appended, NewEvent, Position, SnapshotError, StoredSnapshot, Timestamp, UnknownOutcome,
};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    append::{
        batch_limits::BatchLimits,
        execute::{Failure, Log, LookUp},
        snapshots,
    },
    codec::kinds::Kinds,
    error::SqliteError,
    file::{
        connection::{self, Settings},
        error::SqliteOpenError,
        identity::Place,
        synchronous::Synchronous,
        wal::{self, Salts},
        write_lock::WriteLock,
    },
    read::threads::join,
    wake::Wake,
};

/// The store's clock.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the thread is asked for.
enum Job {
    Append(PendingAppend),
    Snapshot(StoredSnapshot, oneshot::Sender<Result<(), SnapshotError>>),
    /// To copy the write-ahead log into the file. Nobody waits for an answer.
    Checkpoint,
}

/// What a transaction executes.
#[derive(Clone, Copy)]
enum Work<'a> {
    Append(&'a AppendRequest),
    Snapshot(&'a StoredSnapshot),
    Nothing,
}

/// An append that waits for its answer. When it gets none, as when the thread ends in between, the answer is `Unknown`.
struct PendingAppend {
    request: AppendRequest,
    answer: Option<oneshot::Sender<Result<Vec<Appended>, AppendError>>>,
}

impl PendingAppend {
    fn answer(mut self, result: Result<Vec<Appended>, AppendError>) {
        if let Some(answer) = self.answer.take() {
            // The caller may be gone; then the append is done all the same.
            drop(answer.send(result));
        }
    }

    fn unknown(mut self, source: SqliteError) {
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
/// After so many pages in the write-ahead log it is copied into the file. SQLite has the same number, but would do it within a
/// commit.
const CHECKPOINT_PAGES: usize = 1_000;
/// The bytes of a page.
const PAGE_BYTES: usize = 4_096;

/// What the writer works with.
pub(crate) struct WriterParts {
    pub(crate) connection: Connection,
    pub(crate) place: Place,
    pub(crate) settings: Settings,
    pub(crate) lock: WriteLock,
    pub(crate) limits: BatchLimits,
    pub(crate) clock: Clock,
    pub(crate) wake: Wake,
}

impl Queue {
    /// Starts the thread.
    pub(crate) fn start(parts: WriterParts) -> Result<Self, SqliteOpenError> {
        let (sender, jobs) = crossbeam_channel::unbounded();
        let here = parts.settings.synchronous != Synchronous::Full;
        let place = parts.place.clone();
        let writer = Writer::new(parts).map_err(|source| SqliteOpenError::file(place.path(), source))?;
        let writer = Arc::new(Mutex::new(Some(writer)));
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
        let (sender, answer) = oneshot::channel();
        self.send(Job::Append(PendingAppend { request, answer: Some(sender) }))?;
        answer.await.unwrap_or_else(|_| Err(SqliteError::Closed.into()))
    }

    pub(crate) async fn store_snapshot(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        let (sender, answer) = oneshot::channel();
        self.send(Job::Snapshot(snapshot, sender))?;
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

struct Writer {
    parts: WriterParts,
    kinds: Kinds,
    /// The write-ahead log, for the salts in its header.
    wal: Option<File>,
    /// The salts that the write-ahead log had after the last batch.
    salts: Option<Salts>,
    /// Whether the connection must be opened again, since its last transaction did not end well.
    is_broken: bool,
    /// About how many pages were written to the write-ahead log since it was last copied into the file.
    pages: usize,
}

/// What became of one job of a batch that was committed.
enum Outcome {
    Append(Result<Vec<Appended>, AppendError>),
    Snapshot(Result<(), SnapshotError>),
    Nothing,
}

/// Why a batch has no outcomes.
enum BatchFailure {
    /// Nothing was written, and no job of the batch could have been.
    NotBegun(SqliteError),
    /// Nothing was written, since one of the jobs failed.
    RolledBack(SqliteError),
    /// The transaction was to be committed, and that failed.
    Unknown(SqliteError),
}

/// Handles jobs until the queue is closed.
fn run(writer: &Mutex<Option<Writer>>, jobs: &Receiver<Job>, unanswered: &AtomicUsize) {
    while let Ok(first) = jobs.recv() {
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        // It is taken only after this thread has ended.
        let Some(writer) = writer.as_mut() else { return };
        let batch = writer.batch(first, jobs);
        let count = batch.len();
        writer.handle(batch);
        unanswered.fetch_sub(count, Ordering::SeqCst);
        writer.checkpoint_if_due();
    }
}

impl Writer {
    fn new(parts: WriterParts) -> Result<Self, SqliteError> {
        let writer = Self { parts, kinds: Kinds::default(), wal: None, salts: None, is_broken: false, pages: 0 };
        writer.set_up()?;
        Ok(writer)
    }

    /// Leaves checkpoints to the thread, so that no commit includes one.
    fn set_up(&self) -> Result<(), SqliteError> {
        Ok(self.parts.connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?)
    }

    /// Takes the jobs that wait, up to the limits.
    fn batch(&self, first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
        let size = |job: &Job| match job {
            Job::Append(pending) => (pending.request.events().count(), pending.request.events().map(bytes).sum()),
            Job::Snapshot(snapshot, _) => (1, snapshot.payload.len()),
            Job::Checkpoint => (0, 0),
        };
        let (mut events, mut bytes): (usize, usize) = size(&first);
        let mut batch = vec![first];
        while events < self.parts.limits.events
            && bytes < self.parts.limits.bytes
            && let Ok(job) = jobs.try_recv()
        {
            let (more_events, more_bytes) = size(&job);
            (events, bytes) = (events + more_events, bytes + more_bytes);
            batch.push(job);
        }
        batch
    }

    /// Executes a batch and answers its jobs. When one of them fails, each is executed on its own.
    fn handle(&mut self, batch: Vec<Job>) {
        let mut executed = self.execute(&batch, LookUp::WhenUnexpected);
        if matches!(&executed, Err(BatchFailure::RolledBack(error)) if error.is_constraint()) {
            executed = self.execute(&batch, LookUp::Always);
        }
        match executed {
            Ok(outcomes) => {
                for (job, outcome) in batch.into_iter().zip(outcomes) {
                    job.answer(outcome);
                }
            }
            Err(BatchFailure::RolledBack(_)) if batch.len() > 1 => {
                for job in batch {
                    self.handle(vec![job]);
                }
            }
            Err(BatchFailure::NotBegun(error) | BatchFailure::RolledBack(error)) => {
                for job in batch {
                    job.fail(error.copy());
                }
            }
            Err(BatchFailure::Unknown(error)) => {
                tracing::warn!(%error, "a commit failed: what became of its appends is unknown");
                for job in batch {
                    job.unknown(error.copy());
                }
            }
        }
    }

    /// Appends without a wait; `None` when that is not possible, and nothing was appended.
    fn append_here(&mut self, request: &AppendRequest) -> Option<Result<Vec<Appended>, AppendError>> {
        let turn = self.parts.lock.try_take().ok()??;
        let timeout = self.parts.settings.busy_timeout;
        self.parts.connection.busy_timeout(Duration::ZERO).ok()?;
        let executed = self.execute_locked(&[Work::Append(request)], LookUp::WhenUnexpected);
        let restored = self.parts.connection.busy_timeout(timeout);
        drop(turn);
        if let Err(error) = restored {
            tracing::warn!(%error, "the connection is opened again");
            self.is_broken = true;
        }
        match executed.map(|mut outcomes| outcomes.pop()) {
            Ok(Some(Outcome::Append(answer))) => Some(answer),
            Err(BatchFailure::Unknown(error)) => Some(Err(UnknownOutcome::new(request.clone(), error).into())),
            // The thread tries it again, and reports why it fails.
            Ok(_) | Err(BatchFailure::NotBegun(_) | BatchFailure::RolledBack(_)) => None,
        }
    }

    fn execute(&mut self, batch: &[Job], look_up: LookUp) -> Result<Vec<Outcome>, BatchFailure> {
        let work: Vec<_> = batch.iter().map(Job::work).collect();
        let patience = self.parts.settings.busy_timeout;
        let _turn = self.parts.lock.take(patience).map_err(BatchFailure::NotBegun)?;
        self.execute_locked(&work, look_up)
    }

    /// Executes a batch while no other writer of this library runs.
    fn execute_locked(&mut self, batch: &[Work<'_>], look_up: LookUp) -> Result<Vec<Outcome>, BatchFailure> {
        let not_begun = BatchFailure::NotBegun;
        self.parts.place.check().map_err(not_begun)?;
        if self.is_broken {
            self.reopen().map_err(not_begun)?;
        }
        self.statement("BEGIN IMMEDIATE").map_err(not_begun)?;
        let executed = self.in_transaction(batch, look_up);
        let (outcomes, before, last) = match executed {
            Ok(executed) => executed,
            Err(error) => {
                self.roll_back();
                return Err(BatchFailure::RolledBack(error));
            }
        };
        if let Err(error) = self.statement("COMMIT") {
            self.roll_back();
            self.is_broken = true;
            return Err(BatchFailure::Unknown(error));
        }
        self.follow_wal();
        self.pages += batch.iter().map(Work::pages).sum::<usize>();
        if last > before {
            self.parts.wake.wake();
        }
        Ok(outcomes)
    }

    /// Executes the work, and gives the last position before and after it.
    fn in_transaction(
        &mut self,
        batch: &[Work<'_>],
        look_up: LookUp,
    ) -> Result<(Vec<Outcome>, Position, Position), SqliteError> {
        let now = (self.parts.clock)();
        let mut log = Log::new(&self.parts.connection, &mut self.kinds, now, look_up)?;
        let before = log.last;
        let mut outcomes = Vec::with_capacity(batch.len());
        for work in batch {
            outcomes.push(match work {
                Work::Append(request) => match log.execute(request) {
                    Ok(appended) => Outcome::Append(Ok(appended)),
                    Err(Failure::Refused(error)) => Outcome::Append(Err(error)),
                    Err(Failure::Failed(error)) => return Err(error),
                },
                Work::Snapshot(snapshot) => Outcome::Snapshot(snapshots::store(&self.parts.connection, snapshot)?),
                Work::Nothing => Outcome::Nothing,
            });
        }
        Ok((outcomes, before, log.last))
    }

    fn is_checkpoint_due(&self) -> bool {
        self.parts.settings.checkpoints && self.pages >= CHECKPOINT_PAGES
    }

    /// Copies the write-ahead log into the file when it has become long. What readers still need stays in it.
    fn checkpoint_if_due(&mut self) {
        if !self.is_checkpoint_due() {
            return;
        }
        self.pages = 0;
        let checkpoint = || {
            let _turn = self.parts.lock.take(self.parts.settings.busy_timeout)?;
            self.parts.place.check()?;
            let mut checkpoint = self.parts.connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
            checkpoint.query_row([], |_| Ok(()))?;
            Ok::<_, SqliteError>(())
        };
        if let Err(error) = checkpoint() {
            tracing::warn!(%error, "the write-ahead log was not copied into the file; it is tried again");
        }
    }

    fn statement(&self, sql: &str) -> Result<(), SqliteError> {
        match self.parts.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])) {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                Err(SqliteError::Locked { waited: self.parts.settings.busy_timeout })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn roll_back(&mut self) {
        self.kinds.forget();
        // SQLite has rolled back by itself after some errors.
        if !self.parts.connection.is_autocommit()
            && let Err(error) = self.statement("ROLLBACK")
        {
            tracing::warn!(%error, "a rollback failed; the connection is opened again");
            self.is_broken = true;
        }
    }

    fn reopen(&mut self) -> Result<(), SqliteError> {
        self.parts.connection = connection::writer(self.parts.place.path(), &self.parts.settings)?;
        self.set_up()?;
        self.kinds.forget();
        self.is_broken = false;
        Ok(())
    }

    /// Reads the salts of the write-ahead log that stands beside the file now.
    fn read_salts(&mut self) -> Option<Salts> {
        if self.wal.is_none() {
            self.wal = File::open(self.parts.place.beside("-wal")).ok();
        }
        wal::salts(self.wal.as_ref()?).ok()?
    }

    /// Writes the row of a write-ahead log that was begun since the last batch.
    fn follow_wal(&mut self) {
        let Some(salts) = self.read_salts() else { return };
        if self.salts == Some(salts) {
            return;
        }
        let mut stored = wal::store_base(&self.parts.connection, salts);
        self.salts = Some(salts);
        // The row may itself begin a write-ahead log.
        if let Some(now) = self.read_salts().filter(|now| *now != salts) {
            stored = stored.and_then(|()| wal::correct_base(&self.parts.connection, now));
            self.salts = Some(now);
        }
        if let Err(error) = stored {
            // The batch is committed all the same. After a crash the file is verified as a whole.
            tracing::warn!(%error, "the row of the write-ahead log was not written");
        }
    }
}

fn bytes(event: &NewEvent) -> usize {
    event.payload().len() + event.metadata().map_or(0, Bytes::len)
}

impl Work<'_> {
    /// About how many pages of the write-ahead log it takes: each event changes the table and three indexes.
    fn pages(&self) -> usize {
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
    fn work(&self) -> Work<'_> {
        match self {
            Self::Append(pending) => Work::Append(&pending.request),
            Self::Snapshot(snapshot, _) => Work::Snapshot(snapshot),
            Self::Checkpoint => Work::Nothing,
        }
    }

    fn answer(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Append(pending), Outcome::Append(result)) => pending.answer(result),
            (Self::Snapshot(_, answer), Outcome::Snapshot(result)) => drop(answer.send(result)),
            // Outcomes are in the order of the jobs.
            (job, _) => drop(job),
        }
    }

    /// Answers a job of which nothing was written.
    fn fail(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.answer(Err(error.into())),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
            Self::Checkpoint => {}
        }
    }

    fn unknown(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.unknown(error),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
            Self::Checkpoint => {}
        }
    }
}
