//! The writer: takes all appends that wait and sends them together, each with a verdict of its own.
//!
//! There is no timer: a batch is what queued while the last one was on its way. A stream is in a batch once; later
//! appends to it wait in order. What another transaction holds goes to the patient lane, and its streams stay out of
//! batches meanwhile, so that a batch never waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use es_core::{
    Append, AppendError, Appended, Conflict, Expected, StoreError, StreamId, UnknownOutcome, Version, Violation,
};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::PostgresError;
use crate::append::attempt::{Appender, Outcome, Session};
use crate::append::columns::weight;
use crate::append::verdict::Verdict;
use crate::wake::Wake;

/// How much one batch may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    pub(crate) bytes: usize,
    pub(crate) events: usize,
    /// One lock is held for each stream.
    pub(crate) streams: usize,
}

/// How many appends wait for streams that others hold, each with a connection of its own.
const PATIENT: usize = 8;

/// One append and who waits for its outcome.
#[derive(Debug)]
struct Job {
    appends: Arc<Vec<Append>>,
    weight: usize,
    since: Instant,
    answer: oneshot::Sender<Result<Vec<Appended>, AppendError>>,
}

/// Gives appends to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Queue(mpsc::UnboundedSender<Job>);

impl Queue {
    /// Starts the writer; it ends with the last queue.
    pub(crate) fn start(appender: Arc<Appender>, limits: BatchLimits, wake: Wake) -> Self {
        let (sender, jobs) = mpsc::unbounded_channel();
        let writer = Writer {
            appender,
            limits,
            wake,
            waiting: VecDeque::new(),
            held: HashMap::new(),
            lane: JoinSet::new(),
            spare: Vec::new(),
            room: Arc::new(Semaphore::new(PATIENT)),
        };
        tokio::spawn(writer.run(jobs));
        Self(sender)
    }

    /// Appends. When this future is dropped the append still happens, or does not.
    pub(crate) async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let (answer, outcome) = oneshot::channel();
        let appends = Arc::new(appends);
        let job = Job { weight: weight(&appends), appends: Arc::clone(&appends), since: Instant::now(), answer };
        // every caller has at most one append in here, and waits: the callers bound the queue
        if self.0.send(job).is_err() {
            return Err(AppendError::Store(PostgresError::Closed.into()));
        }
        outcome.await.unwrap_or_else(|_| Err(UnknownOutcome::new(appends.to_vec(), PostgresError::Closed).into()))
    }
}

#[derive(Debug)]
struct Writer {
    appender: Arc<Appender>,
    limits: BatchLimits,
    wake: Wake,
    waiting: VecDeque<Job>,
    /// Streams that appends in the patient lane wait for, and since when.
    held: HashMap<StreamId, Instant>,
    lane: JoinSet<(Option<Session>, Job, Outcome)>,
    /// Connections of the patient lane that have nothing to do.
    spare: Vec<Session>,
    /// How many of them may be open.
    room: Arc<Semaphore>,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut session = None;
        let mut open = true;
        while open || !self.waiting.is_empty() || !self.lane.is_empty() {
            while let Ok(job) = jobs.try_recv() {
                self.waiting.push_back(job);
            }
            let batch = self.batch();
            if batch.is_empty() {
                // something must be awaited here, or the patient lane is never heard
                tokio::select! {
                    job = jobs.recv(), if open => match job {
                        Some(job) => self.waiting.push_back(job),
                        None => open = false,
                    },
                    Some(done) = self.lane.join_next() => self.waited(done),
                }
                continue;
            }
            let appender = Arc::clone(&self.appender);
            let calls: Vec<&[Append]> = batch.iter().map(|job| job.appends.as_slice()).collect();
            let outcome = {
                let mut flight = std::pin::pin!(appender.append(&mut session, &calls, false));
                loop {
                    tokio::select! {
                        outcome = &mut flight => break outcome,
                        Some(done) = self.lane.join_next() => self.waited(done),
                    }
                }
            };
            self.landed(&mut session, batch, outcome).await;
        }
    }

    /// Takes what may go together from the front of the queue.
    fn batch(&mut self) -> Vec<Job> {
        let (mut events, mut streams, mut bytes) = (0, 0, 0);
        let mut taken: HashSet<StreamId> = HashSet::new();
        let mut batch = Vec::new();
        let mut left = VecDeque::new();
        while let Some(job) = self.waiting.pop_front() {
            if job.answer.is_closed() {
                continue;
            }
            let count: usize = job.appends.iter().map(|append| append.events.len()).sum();
            let full = !batch.is_empty()
                && (events + count > self.limits.events
                    || streams + job.appends.len() > self.limits.streams
                    || bytes + job.weight > self.limits.bytes);
            let blocked = full
                || job
                    .appends
                    .iter()
                    .any(|append| taken.contains(&append.stream) || self.held.contains_key(&append.stream));
            // streams of what stays behind are taken too: appends to one stream keep their order
            taken.extend(job.appends.iter().map(|append| append.stream.clone()));
            if blocked {
                left.push_back(job);
            } else {
                (events, streams, bytes) = (events + count, streams + job.appends.len(), bytes + job.weight);
                batch.push(job);
            }
            if full {
                break;
            }
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        batch
    }

    /// Answers a batch. What the server refused whole is sent again one by one.
    async fn landed(&mut self, session: &mut Option<Session>, batch: Vec<Job>, outcome: Outcome) {
        match outcome {
            Outcome::Verdicts(verdicts) => {
                for (job, verdict) in batch.into_iter().zip(verdicts) {
                    self.judge(job, verdict);
                }
            }
            Outcome::Refused(error) if batch.len() > 1 && !error.ends_session() => {
                tracing::debug!(%error, "a batch was refused; its appends go one by one");
                for job in batch {
                    let outcome = self.appender.append(session, &[&job.appends], false).await;
                    self.settle(job, outcome);
                }
            }
            Outcome::Refused(error) => {
                let error = Arc::new(error);
                for job in batch {
                    job.hear(Err(AppendError::Store(Box::new(Shared(Arc::clone(&error))))));
                }
            }
            Outcome::Unknown(error) => {
                let error = Arc::new(error);
                for job in batch {
                    job.unknown(Shared(Arc::clone(&error)));
                }
            }
        }
    }

    fn settle(&mut self, job: Job, outcome: Outcome) {
        match outcome {
            Outcome::Verdicts(verdicts) => match verdicts.into_iter().next() {
                Some(verdict) => self.judge(job, verdict),
                None => job.unknown(PostgresError::Answer("the append's answer is empty".into())),
            },
            Outcome::Refused(error) => job.hear(Err(AppendError::Store(Box::new(error)))),
            Outcome::Unknown(error) => job.unknown(error),
        }
    }

    fn judge(&mut self, job: Job, verdict: Verdict) {
        match verdict {
            Verdict::Done(done) => {
                self.answer_losers(&job, &done);
                self.wake.appended();
                job.hear(Ok(done));
            }
            Verdict::Conflict(conflict) => job.hear(Err(conflict.into())),
            Verdict::Busy => self.wait_for_streams(job),
        }
    }

    /// Answers those who expect a version that was just taken: the outcome is known without asking.
    fn answer_losers(&mut self, winner: &Job, done: &[Appended]) {
        let ([append], [appended]) = (winner.appends.as_slice(), done) else { return };
        if appended.repeated || append.events.is_empty() {
            return;
        }
        let taken = appended.first_version().get() - 1;
        let mut left = VecDeque::with_capacity(self.waiting.len());
        for job in self.waiting.drain(..) {
            match loser(&job, append, taken) {
                Some(expected) => {
                    let stream = append.stream.clone();
                    let violation = Violation { stream, expected, actual: appended.version, ids_taken: false };
                    job.hear(Err(Conflict::new(violation).into()));
                }
                None => left.push_back(job),
            }
        }
        self.waiting = left;
    }

    /// Moves an append to the patient lane: a connection of its own that waits for the streams.
    fn wait_for_streams(&mut self, job: Job) {
        let now = Instant::now();
        for append in job.appends.iter() {
            self.held.insert(append.stream.clone(), now);
        }
        let appender = Arc::clone(&self.appender);
        let (room, mut session) = (Arc::clone(&self.room), self.spare.pop());
        self.lane.spawn(async move {
            let patience = appender.connector.lock_timeout;
            let outcome = match tokio::time::timeout(patience, room.acquire()).await {
                Ok(_room) => appender.append(&mut session, &[&job.appends], true).await,
                Err(_) => Outcome::Refused(PostgresError::Held(patience)),
            };
            (session, job, outcome)
        });
    }

    /// An append of the patient lane is through, in one way or the other.
    fn waited(&mut self, done: Result<(Option<Session>, Job, Outcome), tokio::task::JoinError>) {
        let Ok((session, job, outcome)) = done else {
            tracing::error!("an append in the patient lane panicked");
            return;
        };
        self.spare.extend(session);
        let began: Vec<(StreamId, Option<Instant>)> =
            job.appends.iter().map(|append| (append.stream.clone(), self.held.remove(&append.stream))).collect();
        if let Outcome::Refused(PostgresError::Held(patience)) = &outcome {
            self.give_up(&began, *patience);
        }
        self.settle(job, outcome);
    }

    /// Who waited behind an append that gave up, and for as long, gives up too.
    fn give_up(&mut self, streams: &[(StreamId, Option<Instant>)], patience: std::time::Duration) {
        let waited = |job: &Job| {
            job.appends.iter().any(|append| {
                streams
                    .iter()
                    .any(|(stream, since)| *stream == append.stream && since.is_some_and(|since| job.since <= since))
            })
        };
        let (gone, left): (VecDeque<Job>, VecDeque<Job>) = self.waiting.drain(..).partition(waited);
        self.waiting = left;
        for job in gone {
            job.hear(Err(AppendError::Store(PostgresError::Held(patience).into())));
        }
    }
}

impl Job {
    fn hear(self, outcome: Result<Vec<Appended>, AppendError>) {
        // a caller that is gone does not want to know
        drop(self.answer.send(outcome));
    }

    fn unknown(self, source: impl std::error::Error + Send + Sync + 'static) {
        let appends = Arc::unwrap_or_clone(self.appends);
        drop(self.answer.send(Err(UnknownOutcome::new(appends, Box::new(source) as StoreError).into())));
    }
}

/// The expectation of an append that lost against `winner`, which took the version after `taken`.
fn loser(job: &Job, winner: &Append, taken: u64) -> Option<Expected> {
    let [append] = job.appends.as_slice() else { return None };
    let expected = append.expected.version().is_some_and(|version| version == Version::new(taken));
    let same = || append.events.iter().any(|event| winner.events.iter().any(|taken| taken.id() == event.id()));
    (append.stream == winner.stream && expected && !same()).then_some(append.expected)
}

/// One error for every append of a batch.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
struct Shared(Arc<PostgresError>);
