//! An append, tried until its outcome is known: connections break, the answer must not.

use std::time::Duration;

use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;

use crate::append::columns::{Call, Columns, weight};
use crate::append::error::PostgresAppendError;
use crate::append::mark::Mark;
use crate::append::statement::{self, Manner};
use crate::append::verdict::{self, Verdict};
use crate::server::back_off::{BackOff, Retry};
use crate::server::checks;
use crate::server::connection::{Connection, Connector, LONGEST};
use crate::server::error::PostgresError;

/// What the client grants the server beyond the statement's own time.
const GRACE: Duration = Duration::from_secs(5);

/// How many bytes of an append arrive within a second at least: what is slower counts as silent.
const SLOWEST: usize = 64 * 1024;
/// How many bytes of a large append the server stores within a second at least: it has that much longer for its statement.
const STORED: usize = 1024 * 1024;

/// What it takes to append.
#[derive(Debug)]
pub(crate) struct Appender {
    pub(crate) connector: Connector,
    /// Whether a server may lose what it acknowledged.
    pub(crate) allow_unsafe: bool,
    pub(crate) sql: String,
    /// What each connection asks first: after a failover nothing is appended before a new incarnation has begun.
    pub(crate) incarnation: String,
    /// For how long an append is sent again after its connection was lost.
    pub(crate) retry_for: Duration,
}

/// A connection that is ready to append.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    statement: Statement,
    /// By which the server's process is found that works on the statement.
    mark: Mark,
}

/// How an append goes to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// With others; it does not wait for streams that another transaction holds.
    Batch,
    /// On its own, so it may wait.
    Patient,
    /// On its own, and over a session of its own.
    Large,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A verdict on each append. Those that are left undecided may still be stored where they were sent before.
    Verdicts { verdicts: Vec<Verdict>, sent_before: bool },
    /// Nothing was appended.
    Refused(PostgresAppendError),
    /// It may have been appended.
    Unknown(PostgresAppendError),
}

/// What is granted beyond the usual times, by the size of what is sent.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    /// To send it: the server counts from the last byte.
    transfer: Duration,
    /// To store it.
    work: Duration,
}

/// Where an attempt stands.
#[derive(Debug)]
struct Progress {
    manner: Manner,
    /// The session whose statement the server may still work on.
    unanswered: Option<Mark>,
    /// Whether it was sent before and no answer came.
    sent: bool,
    patience: Retry,
    clashes: u32,
}

impl Appender {
    /// A session whose statements may take `longer` than usual.
    async fn open(&self, longer: Duration) -> Result<Session, PostgresAppendError> {
        let connection = self.connector.open().await?;
        checks::recheck_server(&connection.client, self.allow_unsafe).await?;
        let statement = self.connector.statement_timeout;
        if !longer.is_zero() && !statement.is_zero() {
            let set = format!("SET statement_timeout = {}", (statement + longer).min(LONGEST).as_millis());
            connection.client.batch_execute(&set).await.map_err(PostgresError::statement)?;
        }
        connection.client.batch_execute(&self.incarnation).await.map_err(PostgresError::statement)?;
        let mark = Mark::new(connection.backend.clone());
        let statement = connection.client.prepare(&mark.on(&self.sql)).await.map_err(PostgresError::statement)?;
        Ok(Session { connection, statement, mark })
    }

    /// Appends, over `session` or a new one that is left in its place.
    pub(crate) async fn append(&self, session: &mut Option<Session>, calls: &[Call<'_>], lane: Lane) -> Outcome {
        let columns = Columns::of(calls);
        let allowance = Allowance::new(calls.iter().map(|call| weight(call.appends)).sum(), lane);
        let mut progress = Progress::new(lane != Lane::Batch, self.retry_for);
        loop {
            let error = match self.send(session, &columns, allowance, &mut progress).await {
                Ok(answer) => match verdict::verdicts(calls, &columns, &answer) {
                    Ok(verdicts) => return Outcome::Verdicts { verdicts, sent_before: progress.sent },
                    Err(error) => return Outcome::Unknown(error.into()),
                },
                Err(error) => error,
            };
            if error.ends_session() || session.as_ref().is_some_and(|session| session.connection.client.is_closed()) {
                *session = None;
            }
            if !progress.again(&error) {
                return progress.end(error, self.connector.lock_timeout);
            }
            tracing::debug!(%error, "an append is sent again");
            if error.ends_session() {
                progress.patience.wait().await;
            }
        }
    }

    async fn send(
        &self,
        session: &mut Option<Session>,
        columns: &Columns<'_>,
        allowance: Allowance,
        progress: &mut Progress,
    ) -> Result<statement::Answer, PostgresAppendError> {
        let session = match session {
            Some(session) if !session.connection.client.is_closed() => session,
            _ => session.insert(self.in_time(Duration::ZERO, self.open(allowance.work)).await?),
        };
        let Session { connection, statement, mark } = session;
        if let Some(unanswered) = &progress.unanswered {
            let mut back_off = BackOff::reconnecting();
            while !self.in_time(Duration::ZERO, unanswered.end(&connection.client, mark)).await? {
                // a process that waits for a disk cannot be ended; what it does with the append is not known
                if progress.patience.is_over() {
                    return Err(PostgresError::Silent(self.retry_for).into());
                }
                back_off.wait().await;
            }
            progress.unanswered = None;
        }
        let unreplicated = connection.notices.unreplicated();
        let answer = statement::send(&connection.client, statement, progress.manner, columns);
        match self.in_time(allowance.transfer + allowance.work, answer).await {
            Ok(_) if connection.notices.unreplicated() != unreplicated => {
                progress.sent = true;
                Err(PostgresAppendError::NotReplicated)
            }
            Err(error) if error.ends_session() => {
                progress.sent = true;
                progress.unanswered = Some(mark.clone());
                Err(error)
            }
            answer => answer,
        }
    }

    /// The answer, unless the server does not even time out. It has `longer` than usual.
    async fn in_time<T, E>(
        &self,
        longer: Duration,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, PostgresAppendError>
    where
        PostgresAppendError: From<E>,
    {
        let statement = self.connector.statement_timeout;
        if statement.is_zero() {
            return Ok(answer.await?);
        }
        let limit = longer + statement + GRACE;
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(PostgresError::Silent(limit).into()),
        }
    }
}

impl Allowance {
    fn new(bytes: usize, lane: Lane) -> Self {
        let seconds = |rate| Duration::from_secs((bytes / rate) as u64);
        let work = if lane == Lane::Large { seconds(STORED) } else { Duration::ZERO };
        Self { transfer: seconds(SLOWEST), work }
    }
}

impl Progress {
    fn new(patient: bool, retry_for: Duration) -> Self {
        Self {
            manner: Manner { patient, doubtful: false },
            unanswered: None,
            sent: false,
            patience: Retry::new(retry_for),
            clashes: 0,
        }
    }

    /// Whether to try again after this error, and how.
    fn again(&mut self, error: &PostgresAppendError) -> bool {
        if error.ends_session() {
            self.manner.doubtful = true;
            return !self.patience.is_over();
        }
        if error.is(&SqlState::UNIQUE_VIOLATION) && !self.manner.doubtful {
            self.manner.doubtful = true;
            return true;
        }
        self.clashes += 1;
        (error.is(&SqlState::T_R_DEADLOCK_DETECTED) || error.is(&SqlState::T_R_SERIALIZATION_FAILURE))
            && self.clashes < 4
    }

    fn end(self, error: PostgresAppendError, lock_timeout: Duration) -> Outcome {
        match error {
            PostgresAppendError::Server(PostgresError::Answer(_)) => Outcome::Unknown(error),
            _ if self.sent => Outcome::Unknown(error),
            _ if error.is(&SqlState::LOCK_NOT_AVAILABLE) => {
                tracing::warn!(%error, "an append gave up waiting for a stream");
                Outcome::Refused(PostgresAppendError::Held(lock_timeout))
            }
            _ => Outcome::Refused(error),
        }
    }
}
