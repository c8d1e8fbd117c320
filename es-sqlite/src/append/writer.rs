//! The writer: takes all appends that wait into one transaction; each keeps its own verdict.

use std::{
    fs::File,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use es_core::{
    AppendError, AppendRequest, Appended, HandlerGuard, Position, ReadError, Timestamp, UnknownOutcome, WorkError,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{
    append::{
        batch_limits::BatchLimits,
        execute::{Failure, Log, LookUp},
        job::{Job, Outcome, Work},
        read_models, snapshots,
        tables::{self, WorkJob},
    },
    codec::row::RowDecoder,
    error::SqliteError,
    file::{
        connection::{self, Settings},
        identity::Place,
        incarnation::KnownIncarnation,
        synchronous::Synchronous,
        wal,
        wal_base::Salts,
        write_lock::WriteLock,
    },
    read::threads::OfReader,
    table::tx::{PartFailure, SqliteTx},
    wake::Wake,
};

/// The store's clock.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// After so many pages in the write-ahead log it is copied into the file. SQLite has the same number, but would do it within a
/// commit.
const CHECKPOINT_PAGES: usize = 1_000;

/// What the writer works with.
pub(crate) struct WriterParts {
    pub(crate) tx: SqliteTx,
    pub(crate) guard: Arc<HandlerGuard>,
    pub(crate) place: Place,
    pub(crate) settings: Settings,
    pub(crate) lock: WriteLock,
    pub(crate) limits: BatchLimits,
    pub(crate) clock: Clock,
    pub(crate) wake: Wake,
}

/// Writes to the file, for the thread and for appends that run on the thread that asks.
pub(super) struct Writer {
    parts: WriterParts,
    decoder: RowDecoder,
    incarnation: KnownIncarnation,
    /// The setting that the connection has now.
    synchronous: Synchronous,
    /// The write-ahead log, for the salts in its header.
    wal: Option<File>,
    /// The salts that the write-ahead log had after the last batch.
    salts: Option<Salts>,
    /// Whether the connection must be opened again, since its last transaction did not end well.
    is_broken: bool,
    /// About how many pages were written to the write-ahead log since it was last copied into the file.
    pages: usize,
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

/// Why the work of a projection was not done.
enum WorkFailure {
    Batch(BatchFailure),
    Work(WorkError),
}

impl From<BatchFailure> for WorkFailure {
    fn from(failure: BatchFailure) -> Self {
        Self::Batch(failure)
    }
}

impl From<WorkError> for WorkFailure {
    fn from(error: WorkError) -> Self {
        Self::Work(error)
    }
}

impl WorkFailure {
    /// The answer, where so many parts were done.
    fn of_work(self, done: usize) -> WorkError {
        match self {
            // A deferred foreign key. It is not known which part is to blame: half of them are tried without the others.
            Self::Batch(BatchFailure::Unknown(error)) if error.is_constraint() => {
                WorkError::Part { index: done / 2, source: PartFailure::Commit(error).into() }
            }
            Self::Batch(
                BatchFailure::NotBegun(error) | BatchFailure::RolledBack(error) | BatchFailure::Unknown(error),
            ) => error.into(),
            Self::Work(error) => error,
        }
    }
}

impl Writer {
    pub(super) fn new(parts: WriterParts) -> Self {
        Self {
            synchronous: parts.settings.synchronous,
            parts,
            decoder: RowDecoder::default(),
            incarnation: KnownIncarnation::default(),
            wal: None,
            salts: None,
            is_broken: false,
            pages: 0,
        }
    }

    /// Takes the jobs that wait, up to the limits.
    pub(super) fn batch(&self, first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
        let (mut events, mut bytes) = first.work().size();
        let mut batch = vec![first];
        while events < self.parts.limits.events
            && bytes < self.parts.limits.bytes
            && let Ok(job) = jobs.try_recv()
        {
            let (more_events, more_bytes) = job.work().size();
            (events, bytes) = (events + more_events, bytes + more_bytes);
            batch.push(job);
        }
        batch
    }

    /// Executes a batch and answers its jobs: the steps of read models last and in a transaction of their own, since nobody else
    /// is to wait for them, and they do not wait for the disk.
    pub(super) fn handle(&mut self, batch: Vec<Job>) {
        let (steps, others): (Vec<_>, Vec<_>) = batch.into_iter().partition(|job| matches!(job, Job::Step(..)));
        for batch in [others, steps] {
            if !batch.is_empty() {
                self.handle_at_once(batch);
            }
        }
    }

    /// Does the work of a projection in a transaction of its own, and answers it.
    pub(super) fn handle_work(&mut self, job: WorkJob) {
        let (synchronous, patience) = (job.synchronous(), self.parts.settings.busy_timeout);
        let (began, changes) = (Instant::now(), self.parts.tx.connection.total_changes());
        let _turn = match self.parts.lock.take(patience) {
            Ok(turn) => turn,
            Err(error) => return job.fail(error),
        };
        let patience = patience.saturating_sub(began.elapsed());
        match job {
            WorkJob::Claim(request, place, answer) => {
                let claimed = self.transaction(synchronous, patience, |writer, _| {
                    let WriterParts { tx, guard, clock, .. } = &mut writer.parts;
                    Ok::<_, WorkFailure>(tables::claim(tx, guard, clock, &request, place)?)
                });
                drop(answer.send(claimed.map_err(|failure| failure.of_work(1))));
            }
            WorkJob::Step(step, place, answer) => {
                let mut done = 0;
                let moved = self.transaction(synchronous, patience, |writer, _| {
                    let WriterParts { tx, guard, clock, .. } = &mut writer.parts;
                    done = tables::step(tx, guard, clock, &step, place)?;
                    Ok::<_, WorkFailure>(done)
                });
                drop(answer.send(moved.map_err(|failure| failure.of_work(done))));
            }
        }
        let changes = self.parts.tx.connection.total_changes().saturating_sub(changes);
        self.pages += usize::try_from(changes).unwrap_or(usize::MAX);
    }

    /// Executes a batch in one transaction and answers its jobs. When one of them fails, each is executed on its own.
    fn handle_at_once(&mut self, batch: Vec<Job>) {
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
                    self.handle_at_once(vec![job]);
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
    pub(super) fn append_here(&mut self, request: &AppendRequest) -> Option<Result<Vec<Appended>, AppendError>> {
        let turn = self.parts.lock.try_take().ok()??;
        let executed = self.execute_locked(&[Work::Append(request)], LookUp::WhenUnexpected, Duration::ZERO);
        drop(turn);
        match executed.map(|mut outcomes| outcomes.pop()) {
            Ok(Some(Outcome::Append(answer))) => Some(answer),
            Err(BatchFailure::Unknown(error)) => Some(Err(UnknownOutcome::new(request.clone(), error).into())),
            // The thread tries it again, and reports why it fails.
            Ok(_) | Err(BatchFailure::NotBegun(_) | BatchFailure::RolledBack(_)) => None,
        }
    }

    /// Reads without a wait; `None` when that is not possible.
    pub(super) fn read_here<T>(
        &mut self,
        task: impl FnOnce(&Connection, &mut RowDecoder) -> Result<T, ReadError>,
    ) -> Option<Result<T, ReadError>> {
        // Each batch sets its own.
        if self.is_broken || self.parts.tx.connection.busy_timeout(Duration::ZERO).is_err() {
            return None;
        }
        let read = self.parts.place.check().map_err(ReadError::from);
        let read = read.and_then(|()| task(&self.parts.tx.connection, &mut self.decoder));
        (!matches!(&read, Err(error) if error.is_busy())).then_some(read)
    }

    fn execute(&mut self, batch: &[Job], look_up: LookUp) -> Result<Vec<Outcome>, BatchFailure> {
        let work: Vec<_> = batch.iter().map(Job::work).collect();
        let (began, patience) = (Instant::now(), self.parts.settings.busy_timeout);
        let _turn = self.parts.lock.take(patience).map_err(BatchFailure::NotBegun)?;
        self.execute_locked(&work, look_up, patience.saturating_sub(began.elapsed()))
    }

    /// Executes a batch while no other writer of this library runs. Waits for the transactions of others at most for `patience`.
    fn execute_locked(
        &mut self,
        batch: &[Work<'_>],
        look_up: LookUp,
        patience: Duration,
    ) -> Result<Vec<Outcome>, BatchFailure> {
        let of_each = batch.iter().map(|work| work.synchronous(self.parts.settings.synchronous));
        let needed = of_each.max_by_key(|synchronous| synchronous.number()).unwrap_or_default();
        let (outcomes, before, last) = self.transaction(needed, patience, |writer, now| {
            writer.in_transaction(batch, look_up, now).map_err(BatchFailure::RolledBack)
        })?;
        self.pages += batch.iter().map(Work::pages).sum::<usize>();
        if last > before {
            self.parts.wake.wake();
        }
        Ok(outcomes)
    }

    /// Runs `run` in a transaction while no other writer of this library runs, and commits it. Waits for the transactions of others
    /// at most for `patience`.
    fn transaction<T, E: From<BatchFailure>>(
        &mut self,
        synchronous: Synchronous,
        patience: Duration,
        run: impl FnOnce(&mut Self, Timestamp) -> Result<T, E>,
    ) -> Result<T, E> {
        let not_begun = BatchFailure::NotBegun;
        if self.is_broken {
            self.reopen().map_err(not_begun)?;
        }
        self.parts.tx.connection.busy_timeout(patience).map_err(|error| not_begun(error.into()))?;
        self.set_synchronous(synchronous).map_err(not_begun)?;
        // Before the transaction, since it is the caller's, and may panic.
        let now = (self.parts.clock)();
        self.statement("BEGIN IMMEDIATE").map_err(not_begun)?;
        // Until the transaction has ended: after a panic the connection is opened again.
        self.is_broken = true;
        // After the wait for the transaction, in which the file may have been moved.
        let here = self.parts.place.check();
        if here.is_err() {
            self.roll_back();
        }
        here.map_err(not_begun)?;
        let executed = run(self, now);
        if executed.is_err() {
            self.roll_back();
            return executed;
        }
        if let Err(error) = self.statement("COMMIT") {
            self.roll_back();
            self.is_broken = true;
            return Err(BatchFailure::Unknown(error).into());
        }
        self.is_broken = false;
        self.follow_wal();
        executed
    }

    /// Executes the work, and gives the last position before and after it.
    fn in_transaction(
        &mut self,
        batch: &[Work<'_>],
        look_up: LookUp,
        now: Timestamp,
    ) -> Result<(Vec<Outcome>, Position, Position), SqliteError> {
        let mut log =
            Log::new(&self.parts.tx.connection, &mut self.decoder.kinds, &mut self.incarnation, now, look_up)?;
        let before = log.last;
        let mut outcomes = Vec::with_capacity(batch.len());
        for work in batch {
            outcomes.push(match work {
                Work::Append(request) => match log.execute(request) {
                    Ok(appended) => Outcome::Append(Ok(appended)),
                    Err(Failure::Refused(error)) => Outcome::Append(Err(error)),
                    Err(Failure::Failed(error)) => return Err(error),
                },
                Work::Snapshot(snapshot) => Outcome::Snapshot(snapshots::store(&self.parts.tx.connection, snapshot)?),
                Work::Claim(request) => Outcome::Claim(read_models::claim(&self.parts.tx.connection, request, now)?),
                Work::Step(claim, step) => {
                    Outcome::Step(read_models::advance(&self.parts.tx.connection, claim, step, now)?)
                }
                Work::Ask(model, request) => {
                    Outcome::Ask(read_models::ask(&self.parts.tx.connection, model, *request)?)
                }
                Work::Nothing => Outcome::Nothing,
            });
        }
        Ok((outcomes, before, log.last))
    }

    pub(super) fn is_checkpoint_due(&self) -> bool {
        self.parts.settings.checkpoints && self.pages >= CHECKPOINT_PAGES
    }

    /// Copies the write-ahead log into the file when it has become long. What readers still need stays in it.
    pub(super) fn checkpoint_if_due(&mut self) {
        if !self.is_checkpoint_due() {
            return;
        }
        self.pages = 0;
        let checkpoint = || {
            let _turn = self.parts.lock.take(self.parts.settings.busy_timeout)?;
            self.parts.place.check()?;
            let mut checkpoint = self.parts.tx.connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
            checkpoint.query_row([], |_| Ok(()))?;
            Ok::<_, SqliteError>(())
        };
        if let Err(error) = checkpoint() {
            tracing::warn!(%error, "the write-ahead log was not copied into the file; it is tried again when it has grown as much again");
        }
    }

    /// Sets how much of the next transactions is on the disk once they are committed. On this connection rather than on a second
    /// one, whose commits would empty the cache of this one.
    fn set_synchronous(&mut self, needed: Synchronous) -> Result<(), SqliteError> {
        if self.synchronous != needed {
            // Not a prepared statement: SQLite executes it while it compiles it.
            self.parts.tx.connection.pragma_update(None, "synchronous", needed.name())?;
            self.synchronous = needed;
        }
        Ok(())
    }

    fn statement(&self, sql: &str) -> Result<(), SqliteError> {
        match self.parts.tx.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])) {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                Err(SqliteError::Locked { waited: self.parts.settings.busy_timeout })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn roll_back(&mut self) {
        self.decoder.kinds.forget();
        self.is_broken = false;
        // SQLite has rolled back by itself after some errors.
        if !self.parts.tx.connection.is_autocommit()
            && let Err(error) = self.statement("ROLLBACK")
        {
            tracing::warn!(%error, "a rollback failed; the connection is opened again");
            self.is_broken = true;
        }
    }

    fn reopen(&mut self) -> Result<(), SqliteError> {
        self.parts.place.check()?;
        self.parts.tx = SqliteTx::new(connection::writer(self.parts.place.path(), &self.parts.settings)?)?;
        self.synchronous = self.parts.settings.synchronous;
        self.decoder.kinds.forget();
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
        match self.store_base() {
            Ok(salts) => self.salts = salts,
            // The batch is committed all the same. The next one tries again; after a crash before it, the file is verified as
            // a whole.
            Err(error) => tracing::warn!(%error, "the row of the write-ahead log was not written"),
        }
    }

    /// Writes the row without a wait, and gives the salts of the write-ahead log that it is in.
    fn store_base(&mut self) -> Result<Option<Salts>, SqliteError> {
        // Also after a step: without the row the file is verified as a whole after a power loss.
        self.set_synchronous(self.parts.settings.synchronous)?;
        let WriterParts { tx: SqliteTx { connection, .. }, place, .. } = &self.parts;
        connection.busy_timeout(Duration::ZERO)?;
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let salts = wal::follow(&transaction, place)?;
        transaction.commit()?;
        Ok(salts)
    }
}
