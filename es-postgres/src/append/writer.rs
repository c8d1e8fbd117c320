//! The writer: takes all appends that wait and sends them together, each with a verdict of its own.
//!
//! There is no timer: a batch is what queued while the last one was on its way. A stream is in a batch once; later
//! appends to it wait in order. What another transaction holds goes to the patient lane, and its streams stay out of
//! batches meanwhile, so that a batch never waits. What is bigger than a batch goes over a connection of its own, so that
//! nobody else waits for its transfer.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use es_core::{Append, AppendError, Appended, Conflict, Expected, StoreError, StreamId, UnknownOutcome, Violation};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::append::attempt::{Appender, Lane, Outcome, Session};
use crate::append::columns::{Call, weight};
use crate::append::group::Group;
use crate::append::verdict::Verdict;
use crate::server::error::PostgresError;
use crate::subscribe::notify::Wake;

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
/// How many appends that are bigger than a batch are on their way at once, each over a connection of its own: while one is
/// sent, it is in memory three times.
const LARGE: usize = 2;

/// One append and who waits for its outcome.
#[derive(Debug)]
pub(crate) struct Job {
    pub(super) appends: Arc<Vec<Append>>,
    weight: usize,
    since: Instant,
    /// Whether it must not go together with others to its stream.
    alone: bool,
    /// Whether it was sent and no answer came: then it may be stored, though another attempt is refused.
    sent_before: bool,
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
            room: Arc::new(Semaphore::new(PATIENT)),
            spare: Arc::default(),
            large: Arc::new(Semaphore::new(LARGE)),
        };
        tokio::spawn(writer.run(jobs));
        Self(sender)
    }

    /// Appends. When this future is dropped the append still happens, or does not.
    pub(crate) async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let (answer, outcome) = oneshot::channel();
        let appends = Arc::new(appends);
        let job = Job {
            weight: weight(&appends),
            appends: Arc::clone(&appends),
            since: Instant::now(),
            alone: false,
            sent_before: false,
            answer,
        };
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
    /// The streams of appends that are in a lane, and since when.
    held: HashMap<StreamId, Instant>,
    /// Appends that go by themselves: those that wait for streams, and the large ones.
    lane: JoinSet<(Job, Outcome)>,
    /// How many connections of the patient lane may be open.
    room: Arc<Semaphore>,
    /// Those of them that have nothing to do: taken and given back by who has room.
    spare: Arc<Mutex<Vec<Session>>>,
    /// How many large appends may be on their way.
    large: Arc<Semaphore>,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut session = None;
        let mut open = true;
        let mut answered = 0;
        while open || !self.waiting.is_empty() || !self.lane.is_empty() {
            if answered > 1 {
                // those who were just answered come back before the next batch leaves without them
                tokio::task::yield_now().await;
            }
            self.hear(&mut jobs);
            let batch = self.batch();
            if batch.is_empty() {
                // something must be awaited here, or the patient lane is never heard
                tokio::select! {
                    job = jobs.recv(), if open => match job {
                        Some(job) => self.waiting.push_back(job),
                        None => open = false,
                    },
                    Some(done) = self.lane.join_next() => self.waited(done),
                    // nobody waits for what was left, and nobody can come
                    else => {}
                }
                answered = 0;
                continue;
            }
            answered = batch.iter().map(|group| group.jobs.len()).sum();
            let appender = Arc::clone(&self.appender);
            let calls: Vec<Call<'_>> = batch.iter().map(Group::call).collect();
            let outcome = {
                let mut flight = std::pin::pin!(appender.append(&mut session, &calls, Lane::Batch));
                loop {
                    tokio::select! {
                        outcome = &mut flight => break outcome,
                        Some(done) = self.lane.join_next() => self.waited(done),
                    }
                }
            };
            // who lost meanwhile is answered with this batch
            self.hear(&mut jobs);
            self.landed(&mut session, batch, outcome).await;
        }
    }

    fn hear(&mut self, jobs: &mut mpsc::UnboundedReceiver<Job>) {
        while let Ok(job) = jobs.try_recv() {
            self.waiting.push_back(job);
        }
    }

    /// Takes what may go together from the front of the queue.
    fn batch(&mut self) -> Vec<Group> {
        let (mut events, mut streams, mut bytes) = (0, 0, 0);
        let mut taken: HashSet<StreamId> = HashSet::new();
        let mut leaders: HashMap<StreamId, usize> = HashMap::new();
        let mut batch: Vec<Group> = Vec::new();
        let mut left = VecDeque::new();
        while let Some(job) = self.waiting.pop_front() {
            if job.answer.is_closed() {
                continue;
            }
            let count: usize = job.appends.iter().map(|append| append.events.len()).sum();
            let large = job.weight > self.limits.bytes;
            let full = !large
                && !batch.is_empty()
                && (events + count > self.limits.events
                    || streams + job.appends.len() > self.limits.streams
                    || bytes + job.weight > self.limits.bytes);
            if full {
                left.push_back(job);
                break;
            }
            let blocked = |append: &Append| taken.contains(&append.stream) || self.held.contains_key(&append.stream);
            let leader = job.joinable().filter(|_| !large).and_then(|append| leaders.get(&append.stream).copied());
            if leader.is_none() && job.appends.iter().any(blocked) {
                // streams of what stays behind are taken too: appends to one stream keep their order
                for append in job.appends.iter() {
                    leaders.remove(&append.stream);
                    taken.insert(append.stream.clone());
                }
                left.push_back(job);
                continue;
            }
            if large {
                self.send_apart(job);
                continue;
            }
            (events, bytes) = (events + count, bytes + job.weight);
            if let Some(leader) = leader {
                batch[leader].jobs.push(job);
                continue;
            }
            streams += job.appends.len();
            taken.extend(job.appends.iter().map(|append| append.stream.clone()));
            leaders.extend(job.joinable().map(|append| (append.stream.clone(), batch.len())));
            batch.push(Group::of(job));
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        batch.iter_mut().for_each(Group::merge);
        batch
    }

    /// Answers a batch. What the server refused whole is sent again one by one.
    async fn landed(&mut self, session: &mut Option<Session>, batch: Vec<Group>, outcome: Outcome) {
        match outcome {
            Outcome::Verdicts { verdicts, sent_before } => {
                for (mut group, verdict) in batch.into_iter().zip(verdicts) {
                    group.jobs.iter_mut().for_each(|job| job.sent_before |= sent_before);
                    self.judge_group(group, verdict);
                }
            }
            Outcome::Refused(error)
                if !error.ends_session() && batch.iter().map(|group| group.jobs.len()).sum::<usize>() > 1 =>
            {
                tracing::debug!(%error, "a batch was refused; its appends go one by one");
                for job in batch.into_iter().flat_map(|group| group.jobs) {
                    let outcome = self.appender.append(session, &[Call::whole(&job.appends)], Lane::Batch).await;
                    self.settle(job, outcome);
                }
            }
            Outcome::Refused(error) => share(batch, error, Job::refused),
            Outcome::Unknown(error) => share(batch, error, Job::unknown),
        }
    }

    fn settle(&mut self, mut job: Job, outcome: Outcome) {
        match outcome {
            Outcome::Verdicts { verdicts, sent_before } => match verdicts.into_iter().next() {
                Some(verdict) => {
                    job.sent_before |= sent_before;
                    self.judge(job, verdict);
                }
                None => job.unknown(PostgresError::Answer("the append's answer is empty".into())),
            },
            Outcome::Refused(error) => job.refused(error),
            Outcome::Unknown(error) => job.unknown(error),
        }
    }

    /// Deals the verdict on several appends out to them, or sends each for itself when it is not the good one.
    fn judge_group(&mut self, group: Group, verdict: Verdict) {
        match (group.alone(), verdict) {
            (Ok(job), verdict) => self.judge(job, verdict),
            (Err(group), Verdict::Done(done)) => {
                self.answer_losers(group.call().appends, &done);
                self.wake.appended();
                for (job, done) in group.deal(&done) {
                    job.hear(Ok(done));
                }
            }
            // the expectation is the first one's: a stream that does not exist, which the others need not mind
            (Err(group), Verdict::Conflict(conflict)) if !conflict.violations().any(Violation::ids_taken) => {
                let mut jobs = group.jobs.into_iter();
                if let Some(first) = jobs.next() {
                    first.hear(Err(conflict.into()));
                }
                jobs.rev().for_each(|job| self.waiting.push_front(job));
            }
            (Err(group), Verdict::Conflict(_) | Verdict::Busy) => {
                for mut job in group.jobs.into_iter().rev() {
                    job.alone = true;
                    self.waiting.push_front(job);
                }
            }
        }
    }

    fn judge(&mut self, job: Job, verdict: Verdict) {
        match verdict {
            Verdict::Done(done) => {
                self.answer_losers(&job.appends, &done);
                self.wake.appended();
                job.hear(Ok(done));
            }
            Verdict::Conflict(conflict) => job.hear(Err(conflict.into())),
            Verdict::Busy => self.wait_for_streams(job),
        }
    }

    /// Answers those who expect a version that was just taken: the outcome is known without asking.
    fn answer_losers(&mut self, winner: &[Append], done: &[Appended]) {
        let ([winner], [appended]) = (winner, done) else { return };
        if appended.repeated || winner.events.is_empty() {
            return;
        }
        let taken = appended.first_version().get() - 1..appended.version.get();
        let mut left = VecDeque::with_capacity(self.waiting.len());
        for job in self.waiting.drain(..) {
            match job.lost_against(winner, &taken) {
                Some(expected) => {
                    let stream = winner.stream.clone();
                    let violation = Violation::of_stream(stream, expected, appended.version);
                    job.hear(Err(Conflict::new(violation).into()));
                }
                None => left.push_back(job),
            }
        }
        self.waiting = left;
    }

    /// Keeps the streams of an append that goes to a lane out of batches.
    fn hold(&mut self, job: &Job) {
        let now = Instant::now();
        self.held.extend(job.appends.iter().map(|append| (append.stream.clone(), now)));
    }

    /// Sends a large append over a connection of its own. That one is not kept: its buffers have grown as large.
    fn send_apart(&mut self, job: Job) {
        self.hold(&job);
        let (appender, large) = (Arc::clone(&self.appender), Arc::clone(&self.large));
        self.lane.spawn(async move {
            let _room = large.acquire().await;
            if job.answer.is_closed() {
                return (job, Outcome::Refused(PostgresError::Closed));
            }
            let outcome = appender.append(&mut None, &[Call::whole(&job.appends)], Lane::Large).await;
            (job, outcome)
        });
    }

    /// Moves an append to the patient lane: a connection of its own that waits for the streams.
    fn wait_for_streams(&mut self, job: Job) {
        self.hold(&job);
        let appender = Arc::clone(&self.appender);
        let (room, spare) = (Arc::clone(&self.room), Arc::clone(&self.spare));
        self.lane.spawn(async move {
            let patience = appender.connector.lock_timeout;
            let outcome = match tokio::time::timeout(patience, room.acquire()).await {
                Ok(_room) => {
                    let mut session = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let outcome = appender.append(&mut session, &[Call::whole(&job.appends)], Lane::Patient).await;
                    spare.lock().unwrap_or_else(PoisonError::into_inner).extend(session);
                    outcome
                }
                Err(_) => Outcome::Refused(PostgresError::Held(patience)),
            };
            (job, outcome)
        });
    }

    /// An append of a lane is through, in one way or the other.
    fn waited(&mut self, done: Result<(Job, Outcome), tokio::task::JoinError>) {
        let Ok((job, outcome)) = done else {
            tracing::error!("an append in a lane panicked");
            return;
        };
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
            job.refused(PostgresError::Held(patience));
        }
    }
}

impl Job {
    /// Its append, where it can follow another one to the same stream whatever that one does to the version.
    pub(super) fn joinable(&self) -> Option<&Append> {
        match self.appends.as_slice() {
            [append] if !self.alone && !append.events.is_empty() && append.expected.version().is_none() => Some(append),
            _ => None,
        }
    }

    /// What it expected, if it lost against `winner`, which took the versions after `taken`.
    fn lost_against(&self, winner: &Append, taken: &Range<u64>) -> Option<Expected> {
        let [append] = self.appends.as_slice() else { return None };
        let lost = append.expected.version().is_some_and(|version| taken.contains(&version.get()));
        let same = || append.events.iter().any(|event| winner.events.iter().any(|taken| taken.id() == event.id()));
        (append.stream == winner.stream && lost && !same()).then_some(append.expected)
    }

    fn hear(self, outcome: Result<Vec<Appended>, AppendError>) {
        // a caller that is gone does not want to know
        drop(self.answer.send(outcome));
    }

    /// Nothing was appended by the last attempt.
    fn refused(self, source: impl Into<StoreError>) {
        if self.sent_before {
            self.unknown(source);
        } else {
            self.hear(Err(AppendError::Store(source.into())));
        }
    }

    fn unknown(self, source: impl Into<StoreError>) {
        let appends = Arc::unwrap_or_clone(self.appends);
        drop(self.answer.send(Err(UnknownOutcome::new(appends, source).into())));
    }
}

/// One error for every append of a batch; who is alone gets it as it is.
fn share(batch: Vec<Group>, error: PostgresError, tell: impl Fn(Job, StoreError)) {
    let mut jobs: Vec<Job> = batch.into_iter().flat_map(|group| group.jobs).collect();
    match (jobs.pop(), jobs.is_empty()) {
        (Some(job), true) => tell(job, error.into()),
        (last, _) => {
            let error = Shared(Arc::new(error));
            jobs.into_iter().chain(last).for_each(|job| tell(job, error.clone().into()));
        }
    }
}

impl From<Shared> for StoreError {
    fn from(shared: Shared) -> Self {
        Self::new(shared.0.kind(), shared)
    }
}

/// An error that several appends are answered with.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
struct Shared(Arc<PostgresError>);
