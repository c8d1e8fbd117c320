//! Sends appends, and retries over new connections until their outcome is known.

use std::time::Duration;

use tokio_postgres::{Statement, error::SqlState};

use crate::{
    append::{
        columns::{Call, Columns, wire_bytes},
        error::PostgresAppendError,
        session_tag::SessionTag,
        statement::{self, AppendFlags},
        verdict::{self, ServerVerdict},
    },
    server::{
        back_off::{BackOff, Retry},
        checks,
        connection::{Connection, Connector, LONGEST},
        error::PostgresError,
    },
};

/// How much longer than the server's own statement timeout the store waits for an answer.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// The slowest transfer of an append, in bytes per second: a slower connection counts as lost.
const MIN_TRANSFER_RATE: usize = 64 * 1024;
/// The slowest rate at which the server stores a large append, in bytes per second: it extends the statement timeout.
const MIN_STORE_RATE: usize = 1024 * 1024;

/// Sends appends to the server.
#[derive(Debug)]
pub(crate) struct Appender {
    pub(crate) connector: Connector,
    /// Whether to accept a server that may lose what it acknowledged.
    pub(crate) allow_unsafe: bool,
    pub(crate) sql: String,
    /// The statement that each connection runs first, so that after a failover a new incarnation begins before any append.
    pub(crate) incarnation: String,
    /// How long an append is retried after its connection was lost.
    pub(crate) retry_for: Duration,
}

/// A connection that is ready to append.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    statement: Statement,
    /// Finds the backend that works on the session's statement.
    tag: SessionTag,
}

/// The way in which an append is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendMode {
    /// With others, without waiting for streams that another transaction holds.
    Batch,
    /// Alone, waiting for its streams.
    Waiting,
    /// Alone, waiting for its streams, with extra time for its size.
    Large,
}

/// The outcome of sending a batch.
#[derive(Debug)]
pub(crate) enum SendOutcome {
    /// The verdict on each append. With `answer_lost`, an earlier attempt had no usable answer: then an append whose verdict
    /// is [`Busy`](ServerVerdict::Busy) may be stored all the same.
    Verdicts { verdicts: Vec<ServerVerdict>, answer_lost: bool },
    /// Nothing was appended.
    Refused(PostgresAppendError),
    /// The batch may have been appended.
    Unknown(PostgresAppendError),
}

/// Time beyond the usual limits, by the size of what is sent.
#[derive(Debug, Clone, Copy)]
struct ExtraTime {
    /// For the transfer, which the server's statement timeout does not include.
    transfer: Duration,
    /// For storing a large append.
    store: Duration,
}

/// The state of a batch that is sent, over all attempts.
#[derive(Debug)]
struct Progress {
    flags: AppendFlags,
    /// The session whose statement a backend may still run.
    unanswered: Option<SessionTag>,
    /// Whether an earlier attempt had no usable answer, so it may be stored.
    answer_lost: bool,
    retry: Retry,
    /// The attempts that the server rolled back.
    rolled_back: u32,
}

impl Appender {
    /// Opens a session whose statements may take `longer` than usual.
    async fn open(&self, longer: Duration) -> Result<Session, PostgresAppendError> {
        let connection = self.connector.open().await?;
        checks::recheck_server(&connection.client, self.allow_unsafe).await?;
        let statement = self.connector.statement_timeout;
        if !longer.is_zero() && !statement.is_zero() {
            let set = format!("SET statement_timeout = {}", (statement + longer).min(LONGEST).as_millis());
            connection.client.batch_execute(&set).await.map_err(PostgresError::statement)?;
        }
        connection.client.batch_execute(&self.incarnation).await.map_err(PostgresError::statement)?;
        let tag = SessionTag::new(connection.backend.clone());
        let statement =
            connection.client.prepare(&tag.prepend_to(&self.sql)).await.map_err(PostgresError::statement)?;
        Ok(Session { connection, statement, tag })
    }

    /// Appends over `session`, or over a new one that replaces it.
    pub(crate) async fn append(
        &self,
        session: &mut Option<Session>,
        calls: &[Call<'_>],
        mode: SendMode,
    ) -> SendOutcome {
        let columns = Columns::new(calls);
        let extra = ExtraTime::new(calls.iter().map(|call| wire_bytes(call.appends)).sum(), mode);
        let mut progress = Progress::new(mode != SendMode::Batch, self.retry_for);
        loop {
            let error = match self.send(session, &columns, extra, &mut progress).await {
                Ok(answer) => match verdict::verdicts(calls, &columns, &answer) {
                    Ok(verdicts) => return SendOutcome::Verdicts { verdicts, answer_lost: progress.answer_lost },
                    Err(error) => return SendOutcome::Unknown(error.into()),
                },
                Err(error) => error,
            };
            if error.ends_session() || session.as_ref().is_some_and(|session| session.connection.client.is_closed()) {
                *session = None;
            }
            if !progress.should_retry(&error) {
                return progress.into_outcome(error, self.connector.lock_timeout);
            }
            tracing::debug!(%error, "retrying an append");
            if error.ends_session() {
                progress.retry.wait().await;
            }
        }
    }

    /// Sends the statement once. First ends the backend that may still run an unanswered attempt, so that the two cannot
    /// both append.
    async fn send(
        &self,
        session: &mut Option<Session>,
        columns: &Columns<'_>,
        extra: ExtraTime,
        progress: &mut Progress,
    ) -> Result<statement::Answer, PostgresAppendError> {
        let session = match session {
            Some(session) if !session.connection.client.is_closed() => session,
            _ => session.insert(self.with_timeout(Duration::ZERO, self.open(extra.store)).await?),
        };
        let Session { connection, statement, tag } = session;
        if let Some(unanswered) = &progress.unanswered {
            let mut back_off = BackOff::reconnecting();
            while !self.with_timeout(Duration::ZERO, unanswered.terminate_backend(&connection.client, tag)).await? {
                // A backend that waits for a disk cannot be terminated, so the outcome of its attempt stays unknown.
                if progress.retry.is_over() {
                    return Err(PostgresError::Silent(self.retry_for).into());
                }
                back_off.wait().await;
            }
            progress.unanswered = None;
        }
        let unreplicated = connection.notices.unreplicated();
        let answer = statement::send(&connection.client, statement, progress.flags, columns);
        match self.with_timeout(extra.transfer + extra.store, answer).await {
            Ok(_) if connection.notices.unreplicated() != unreplicated => {
                progress.answer_lost = true;
                Err(PostgresAppendError::NotReplicated)
            }
            Err(error) if error.ends_session() => {
                progress.answer_lost = true;
                progress.unanswered = Some(tag.clone());
                Err(error)
            }
            answer => answer,
        }
    }

    /// Awaits `answer` for at most the statement timeout, `longer` and a grace period. Without this limit a server that is
    /// silent, and so does not report its own time-out, would block the caller forever.
    async fn with_timeout<T, E>(
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
        let limit = longer + statement + ANSWER_GRACE;
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(PostgresError::Silent(limit).into()),
        }
    }
}

impl ExtraTime {
    fn new(bytes: usize, mode: SendMode) -> Self {
        let seconds = |rate| Duration::from_secs((bytes / rate) as u64);
        let store = if mode == SendMode::Large { seconds(MIN_STORE_RATE) } else { Duration::ZERO };
        Self { transfer: seconds(MIN_TRANSFER_RATE), store }
    }
}

impl Progress {
    fn new(wait: bool, retry_for: Duration) -> Self {
        Self {
            flags: AppendFlags { wait, check_repeats: false },
            unanswered: None,
            answer_lost: false,
            retry: Retry::new(retry_for),
            rolled_back: 0,
        }
    }

    /// Whether to retry after this error. Sets the flags of the next attempt.
    fn should_retry(&mut self, error: &PostgresAppendError) -> bool {
        if error.ends_session() {
            self.flags.check_repeats = true;
            return !self.retry.is_over();
        }
        if error.is(&SqlState::UNIQUE_VIOLATION) && !self.flags.check_repeats {
            self.flags.check_repeats = true;
            return true;
        }
        self.rolled_back += 1;
        (error.is(&SqlState::T_R_DEADLOCK_DETECTED) || error.is(&SqlState::T_R_SERIALIZATION_FAILURE))
            && self.rolled_back < 4
    }

    /// The outcome after the last attempt.
    fn into_outcome(self, error: PostgresAppendError, lock_timeout: Duration) -> SendOutcome {
        if self.answer_lost || error.is_malformed_answer() {
            return SendOutcome::Unknown(error);
        }
        if error.is(&SqlState::LOCK_NOT_AVAILABLE) {
            tracing::warn!(%error, "an append timed out waiting for a stream");
            return SendOutcome::Refused(PostgresAppendError::Held(lock_timeout));
        }
        SendOutcome::Refused(error)
    }
}
