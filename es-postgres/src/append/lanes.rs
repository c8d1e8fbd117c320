//! The two lanes, waiting and large: appends that are sent outside batches, each over its own connection, so that no batch
//! waits for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use es_core::StreamId;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    append::{
        attempt::{Appender, SendMode, SendOutcome, Session},
        columns::Call,
        error::PostgresAppendError,
        job::Job,
    },
    server::error::PostgresError,
};

/// The number of appends that may wait for streams at once, each over its own connection.
const MAX_WAITING: usize = 8;
/// The number of appends larger than a batch that may be sent at once. Each is in memory three times while it is sent.
const MAX_LARGE: usize = 2;

/// The waiting lane, for appends whose streams another transaction holds, and the large lane, for appends larger than a
/// batch. Their streams stay out of batches.
#[derive(Debug)]
pub(super) struct Lanes {
    appender: Arc<Appender>,
    /// The streams of the appends in a lane, and when each entered.
    blocked: HashMap<StreamId, Instant>,
    tasks: JoinSet<(Job, SendOutcome)>,
    /// The free connections of the waiting lane.
    waiting_slots: Arc<Semaphore>,
    /// Open sessions of the waiting lane that no append uses. A task that has a slot takes one and returns it.
    idle_sessions: Arc<Mutex<Vec<Session>>>,
    /// The free slots of the large lane.
    large_slots: Arc<Semaphore>,
}

/// A job that has left its lane, with its outcome.
#[derive(Debug)]
pub(super) struct LaneResult {
    pub(super) job: Job,
    pub(super) outcome: SendOutcome,
    /// Its streams, and when it began to keep each out of batches.
    blocked: Vec<(StreamId, Option<Instant>)>,
}

impl Lanes {
    pub(super) fn new(appender: Arc<Appender>) -> Self {
        Self {
            appender,
            blocked: HashMap::new(),
            tasks: JoinSet::new(),
            waiting_slots: Arc::new(Semaphore::new(MAX_WAITING)),
            idle_sessions: Arc::default(),
            large_slots: Arc::new(Semaphore::new(MAX_LARGE)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether an append in a lane keeps `stream` out of batches.
    pub(super) fn blocks(&self, stream: &StreamId) -> bool {
        self.blocked.contains_key(stream)
    }

    /// Sends a large append over its own connection. The connection is closed afterwards, because its buffers have grown to
    /// the size of the append.
    pub(super) fn send_large(&mut self, job: Job) {
        self.block_streams(&job);
        let (appender, large_slots) = (Arc::clone(&self.appender), Arc::clone(&self.large_slots));
        self.tasks.spawn(async move {
            let _slot = large_slots.acquire().await;
            if job.is_abandoned() {
                // No caller receives this outcome.
                return (job, SendOutcome::Refused(PostgresError::Closed.into()));
            }
            let outcome = appender.append(&mut None, &[Call::new(&job.appends)], SendMode::Large).await;
            (job, outcome)
        });
    }

    /// Moves an append to the waiting lane, where it waits for its streams over its own connection.
    pub(super) fn wait_for_streams(&mut self, job: Job) {
        self.block_streams(&job);
        let appender = Arc::clone(&self.appender);
        let (waiting_slots, idle_sessions) = (Arc::clone(&self.waiting_slots), Arc::clone(&self.idle_sessions));
        self.tasks.spawn(async move {
            let lock_timeout = appender.connector.lock_timeout;
            let outcome = match tokio::time::timeout(lock_timeout, waiting_slots.acquire()).await {
                Ok(_slot) => {
                    let mut session = idle_sessions.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let outcome = appender.append(&mut session, &[Call::new(&job.appends)], SendMode::Waiting).await;
                    idle_sessions.lock().unwrap_or_else(PoisonError::into_inner).extend(session);
                    outcome
                }
                Err(_) => SendOutcome::Refused(PostgresAppendError::Held(lock_timeout)),
            };
            (job, outcome)
        });
    }

    /// Waits for the next job to leave its lane; `None` when the lanes are empty. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<LaneResult> {
        loop {
            let Ok((job, outcome)) = self.tasks.join_next().await? else {
                tracing::error!("an append in a lane panicked");
                continue;
            };
            let streams = job.appends.iter().map(|append| append.stream.clone());
            let blocked = streams.map(|stream| (stream.clone(), self.blocked.remove(&stream))).collect();
            return Some(LaneResult { job, outcome, blocked });
        }
    }

    /// Keeps the streams of `job` out of batches from now on.
    fn block_streams(&mut self, job: &Job) {
        let now = Instant::now();
        self.blocked.extend(job.appends.iter().map(|append| (append.stream.clone(), now)));
    }
}

impl LaneResult {
    /// The time after which the append gave up waiting for a stream, if it did.
    pub(super) fn lock_timeout(&self) -> Option<Duration> {
        match &self.outcome {
            SendOutcome::Refused(PostgresAppendError::Held(lock_timeout)) => Some(*lock_timeout),
            _ => None,
        }
    }

    /// Whether `job` has waited for one of these streams for at least as long as this append.
    pub(super) fn delayed(&self, job: &Job) -> bool {
        job.appends.iter().any(|append| {
            let blocked = |(stream, since): &(StreamId, Option<Instant>)| {
                *stream == append.stream && since.is_some_and(|since| job.queued_at <= since)
            };
            self.blocked.iter().any(blocked)
        })
    }
}
