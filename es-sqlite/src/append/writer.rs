//! The thread that writes. It takes all appends that wait into one transaction; each keeps its own verdict.

use std::{
    fmt,
    fs::File,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

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
}

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
        let writer = Writer { parts, kinds: Kinds::default(), wal: None, salts: None, last: None, is_broken: false };
        let thread = thread::Builder::new().name("es-sqlite-write".to_owned());
        let thread = thread.spawn(move || writer.run(&jobs)).map_err(SqliteOpenError::Thread)?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    pub(crate) async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let (sender, answer) = oneshot::channel();
        self.send(Job::Append(PendingAppend { request, answer: Some(sender) }))?;
        answer.await.unwrap_or_else(|_| Err(SqliteError::Closed.into()))
    }

    pub(crate) async fn store_snapshot(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        let (sender, answer) = oneshot::channel();
        self.send(Job::Snapshot(snapshot, sender))?;
        answer.await.unwrap_or_else(|_| Err(SqliteError::Closed.into()))
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
    /// The last position after the last batch.
    last: Option<Position>,
    /// Whether the connection must be opened again, since its last transaction did not end well.
    is_broken: bool,
}

/// What became of one job of a batch that was committed.
enum Outcome {
    Append(Result<Vec<Appended>, AppendError>),
    Snapshot(Result<(), SnapshotError>),
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

impl Writer {
    fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let batch = self.batch(first, jobs);
            self.handle(batch);
        }
    }

    /// Takes the jobs that wait, up to the limits.
    fn batch(&self, first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
        let size = |job: &Job| match job {
            Job::Append(pending) => (pending.request.events().count(), pending.request.events().map(bytes).sum()),
            Job::Snapshot(snapshot, _) => (1, snapshot.payload.len()),
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

    fn execute(&mut self, batch: &[Job], look_up: LookUp) -> Result<Vec<Outcome>, BatchFailure> {
        let not_begun = BatchFailure::NotBegun;
        self.parts.place.check().map_err(not_begun)?;
        if self.is_broken {
            self.reopen().map_err(not_begun)?;
        }
        let turn = self.parts.lock.take(self.parts.settings.busy_timeout).map_err(not_begun)?;
        self.statement("BEGIN IMMEDIATE").map_err(not_begun)?;
        let salts = self.read_salts();
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
        self.follow_wal(salts, before);
        self.last = Some(last);
        drop(turn);
        if last > before {
            self.parts.wake.wake();
        }
        Ok(outcomes)
    }

    /// Executes the jobs, and gives the last position before and after them.
    fn in_transaction(
        &mut self,
        batch: &[Job],
        look_up: LookUp,
    ) -> Result<(Vec<Outcome>, Position, Position), SqliteError> {
        let now = (self.parts.clock)();
        let mut log = Log::new(&self.parts.connection, &mut self.kinds, now, look_up)?;
        let before = log.last;
        let mut outcomes = Vec::with_capacity(batch.len());
        for job in batch {
            outcomes.push(match job {
                Job::Append(pending) => match log.execute(&pending.request) {
                    Ok(appended) => Outcome::Append(Ok(appended)),
                    Err(Failure::Refused(error)) => Outcome::Append(Err(error)),
                    Err(Failure::Failed(error)) => return Err(error),
                },
                Job::Snapshot(snapshot, _) => Outcome::Snapshot(snapshots::store(&self.parts.connection, snapshot)?),
            });
        }
        Ok((outcomes, before, log.last))
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

    /// Writes the base of a write-ahead log that was begun since the last batch. `then` are its salts within the batch, and
    /// `before` is the last position before it.
    fn follow_wal(&mut self, then: Option<Salts>, before: Position) {
        let Some(salts) = self.read_salts() else { return };
        if self.salts == Some(salts) {
            return;
        }
        let base = match then {
            // The batch itself has begun it.
            Some(then) if then != salts => Some(before),
            None => Some(before),
            // Another writer has begun it, after the last batch of this one.
            Some(_) if self.salts.is_some() => self.last,
            Some(_) => None,
        };
        self.salts = Some(salts);
        let stored = wal::stored_salts(&self.parts.connection);
        if let Some(base) = base
            && !matches!(stored, Ok(Some(stored)) if stored == salts)
            && let Err(error) = wal::store_base(&self.parts.connection, salts, base)
        {
            // The batch is committed all the same. After a crash the file is verified as a whole.
            tracing::warn!(%error, "the base of the write-ahead log was not written");
        }
    }
}

fn bytes(event: &NewEvent) -> usize {
    event.payload().len() + event.metadata().map_or(0, |metadata| metadata.len())
}

impl Job {
    fn answer(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Append(pending), Outcome::Append(result)) => pending.answer(result),
            (Self::Snapshot(_, answer), Outcome::Snapshot(result)) => drop(answer.send(result)),
            // Outcomes are in the order of the jobs.
            (Self::Append(pending), Outcome::Snapshot(_)) => drop(pending),
            (Self::Snapshot(..), Outcome::Append(_)) => {}
        }
    }

    /// Answers a job of which nothing was written.
    fn fail(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.answer(Err(error.into())),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
        }
    }

    fn unknown(self, error: SqliteError) {
        match self {
            Self::Append(pending) => pending.unknown(error),
            Self::Snapshot(_, answer) => drop(answer.send(Err(error.into()))),
        }
    }
}
