//! The lanes: appends that go by themselves, each over a connection of its own, so that no batch waits for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use es_core::StreamId;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::append::attempt::{Appender, Lane, Outcome, Session};
use crate::append::columns::Call;
use crate::append::error::PostgresAppendError;
use crate::append::job::Job;
use crate::server::error::PostgresError;

/// How many appends wait for streams that others hold, each with a connection of its own.
const PATIENT: usize = 8;
/// How many appends that are bigger than a batch are on their way at once, each over a connection of its own: while one is
/// sent, it is in memory three times.
const LARGE: usize = 2;

/// Appends that go by themselves: those that wait for streams, and the large ones. Their streams stay out of batches.
#[derive(Debug)]
pub(super) struct Lanes {
    appender: Arc<Appender>,
    /// The streams of appends that are in a lane, and since when.
    held: HashMap<StreamId, Instant>,
    tasks: JoinSet<(Job, Outcome)>,
    /// How many connections of the patient lane may be open.
    room: Arc<Semaphore>,
    /// Those of them that have nothing to do: taken and given back by who has room.
    spare: Arc<Mutex<Vec<Session>>>,
    /// How many large appends may be on their way.
    large: Arc<Semaphore>,
}

/// An append that is through, in one way or the other.
#[derive(Debug)]
pub(super) struct Through {
    pub(super) job: Job,
    pub(super) outcome: Outcome,
    /// Its streams, and since when it kept them out of batches.
    held: Vec<(StreamId, Option<Instant>)>,
}

impl Lanes {
    pub(super) fn new(appender: Arc<Appender>) -> Self {
        Self {
            appender,
            held: HashMap::new(),
            tasks: JoinSet::new(),
            room: Arc::new(Semaphore::new(PATIENT)),
            spare: Arc::default(),
            large: Arc::new(Semaphore::new(LARGE)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether an append in a lane keeps this stream out of batches.
    pub(super) fn hold(&self, stream: &StreamId) -> bool {
        self.held.contains_key(stream)
    }

    /// Sends a large append over a connection of its own. That one is not kept: its buffers have grown as large.
    pub(super) fn send_apart(&mut self, job: Job) {
        self.enter(&job);
        let (appender, large) = (Arc::clone(&self.appender), Arc::clone(&self.large));
        self.tasks.spawn(async move {
            let _room = large.acquire().await;
            if job.is_abandoned() {
                return (job, Outcome::Refused(PostgresError::Closed.into()));
            }
            let outcome = appender.append(&mut None, &[Call::whole(&job.appends)], Lane::Large).await;
            (job, outcome)
        });
    }

    /// Moves an append to the patient lane: a connection of its own that waits for the streams.
    pub(super) fn wait_for_streams(&mut self, job: Job) {
        self.enter(&job);
        let appender = Arc::clone(&self.appender);
        let (room, spare) = (Arc::clone(&self.room), Arc::clone(&self.spare));
        self.tasks.spawn(async move {
            let patience = appender.connector.lock_timeout;
            let outcome = match tokio::time::timeout(patience, room.acquire()).await {
                Ok(_room) => {
                    let mut session = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let outcome = appender.append(&mut session, &[Call::whole(&job.appends)], Lane::Patient).await;
                    spare.lock().unwrap_or_else(PoisonError::into_inner).extend(session);
                    outcome
                }
                Err(_) => Outcome::Refused(PostgresAppendError::Held(patience)),
            };
            (job, outcome)
        });
    }

    /// The next append that is through; `None` when none is in a lane. Nothing is lost where nobody awaits it any more.
    pub(super) async fn next(&mut self) -> Option<Through> {
        loop {
            let Ok((job, outcome)) = self.tasks.join_next().await? else {
                tracing::error!("an append in a lane panicked");
                continue;
            };
            let streams = job.appends.iter().map(|append| append.stream.clone());
            let held = streams.map(|stream| (stream.clone(), self.held.remove(&stream))).collect();
            return Some(Through { job, outcome, held });
        }
    }

    fn enter(&mut self, job: &Job) {
        let now = Instant::now();
        self.held.extend(job.appends.iter().map(|append| (append.stream.clone(), now)));
    }
}

impl Through {
    /// How long it waited for a stream until it gave up, if it did.
    pub(super) fn gave_up(&self) -> Option<Duration> {
        match &self.outcome {
            Outcome::Refused(PostgresAppendError::Held(patience)) => Some(*patience),
            _ => None,
        }
    }

    /// Whether `job` waited behind this one, for as long.
    pub(super) fn kept_waiting(&self, job: &Job) -> bool {
        job.appends.iter().any(|append| {
            let held = |(stream, since): &(StreamId, Option<Instant>)| {
                *stream == append.stream && since.is_some_and(|since| job.since <= since)
            };
            self.held.iter().any(held)
        })
    }
}
