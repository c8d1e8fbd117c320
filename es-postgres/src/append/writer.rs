//! The writer task: sends the queued appends in batches, each append with a verdict of its own.
//!
//! There is no timer: a batch holds what queued while the previous batch was on its way. A batch has each stream once;
//! further appends to the stream are merged or wait, in order. A batch never waits for a lock: an append whose stream another
//! transaction holds moves to the waiting lane, and until it is answered later appends to the stream stay out of batches. An
//! append that is larger than a batch is sent over its own connection, so that others do not wait for its transfer.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use es_core::{Append, AppendError, Appended, Conflict, StreamId, UnknownOutcome, Violation};
use tokio::sync::mpsc;

use crate::{
    append::{
        attempt::{Appender, SendMode, SendOutcome, Session},
        batch_limits::BatchLimits,
        columns::Call,
        error::PostgresAppendError,
        group::Group,
        job::{Job, answer_all},
        lanes::{LaneResult, Lanes},
        verdict::ServerVerdict,
    },
    server::error::PostgresError,
    subscribe::notify::WakeUp,
};

/// Sends appends to the writer task.
#[derive(Debug, Clone)]
pub(crate) struct Queue(mpsc::UnboundedSender<Job>);

impl Queue {
    /// Starts the writer task; it ends when the last queue is dropped.
    pub(crate) fn start(appender: Arc<Appender>, limits: BatchLimits, wake_up: WakeUp) -> Self {
        let (sender, jobs) = mpsc::unbounded_channel();
        let lanes = Lanes::new(Arc::clone(&appender));
        let writer = Writer { appender, limits, wake_up, waiting: VecDeque::new(), lanes };
        tokio::spawn(writer.run(jobs));
        Self(sender)
    }

    /// Appends. When the caller drops this future, the append may or may not be stored.
    pub(crate) async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let appends = Arc::new(appends);
        let (job, outcome) = Job::new(Arc::clone(&appends));
        // The queue needs no bound: each caller awaits its append, so the number of callers bounds it.
        if self.0.send(job).is_err() {
            return Err(AppendError::Store(closed().into()));
        }
        outcome.await.unwrap_or_else(|_| Err(UnknownOutcome::new(appends.to_vec(), closed()).into()))
    }
}

#[derive(Debug)]
struct Writer {
    appender: Arc<Appender>,
    limits: BatchLimits,
    wake_up: WakeUp,
    waiting: VecDeque<Job>,
    /// Appends that are sent outside batches.
    lanes: Lanes,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut session = None;
        let mut open = true;
        let mut answered = 0;
        while open || !self.waiting.is_empty() || !self.lanes.is_empty() {
            if answered > 1 {
                // Yield, so that callers that were just answered can queue their next appends for this batch.
                tokio::task::yield_now().await;
            }
            self.receive_queued(&mut jobs);
            let batch = self.take_batch();
            if batch.is_empty() {
                // Without an await here this loop would spin and starve the lanes' tasks.
                tokio::select! {
                    job = jobs.recv(), if open => match job {
                        Some(job) => self.waiting.push_back(job),
                        None => open = false,
                    },
                    Some(result) = self.lanes.next() => self.answer_lane(result),
                    // The queue is closed and the lanes are empty, so the loop ends.
                    else => {}
                }
                answered = 0;
                continue;
            }
            answered = batch.iter().map(|group| group.jobs.len()).sum();
            let appender = Arc::clone(&self.appender);
            let calls: Vec<Call<'_>> = batch.iter().map(Group::call).collect();
            let outcome = {
                let mut flight = std::pin::pin!(appender.append(&mut session, &calls, SendMode::Batch));
                loop {
                    tokio::select! {
                        outcome = &mut flight => break outcome,
                        Some(result) = self.lanes.next() => self.answer_lane(result),
                    }
                }
            };
            // Receive the appends that queued during the flight: those that expect a version which this batch took are
            // answered at once.
            self.receive_queued(&mut jobs);
            self.answer_batch(&mut session, batch, outcome).await;
        }
    }

    /// Moves every job from the channel to the end of `waiting`.
    fn receive_queued(&mut self, jobs: &mut mpsc::UnboundedReceiver<Job>) {
        while let Ok(job) = jobs.try_recv() {
            self.waiting.push_back(job);
        }
    }

    /// Takes the appends that can be sent together from the front of the queue.
    fn take_batch(&mut self) -> Vec<Group> {
        let (mut events, mut streams, mut bytes) = (0, 0, 0);
        let mut taken: HashSet<StreamId> = HashSet::new();
        // The group of each stream that further appends can be merged into.
        let mut mergeable: HashMap<StreamId, usize> = HashMap::new();
        let mut batch: Vec<Group> = Vec::new();
        let mut left = VecDeque::new();
        while let Some(job) = self.waiting.pop_front() {
            if job.is_abandoned() {
                continue;
            }
            let count = job.events();
            let large = job.wire_bytes > self.limits.bytes;
            let full = !large
                && !batch.is_empty()
                && (events + count > self.limits.events
                    || streams + job.appends.len() > self.limits.streams
                    || bytes + job.wire_bytes > self.limits.bytes);
            if full {
                left.push_back(job);
                break;
            }
            let blocked = |append: &Append| taken.contains(&append.stream) || self.lanes.blocks(&append.stream);
            let group = job.mergeable().filter(|_| !large).and_then(|append| mergeable.get(&append.stream).copied());
            if group.is_none() && job.appends.iter().any(blocked) {
                // A job that stays behind keeps later jobs off its streams, so that appends to a stream keep their order.
                for append in job.appends.iter() {
                    mergeable.remove(&append.stream);
                    taken.insert(append.stream.clone());
                }
                left.push_back(job);
                continue;
            }
            if large {
                self.lanes.send_large(job);
                continue;
            }
            (events, bytes) = (events + count, bytes + job.wire_bytes);
            if let Some(group) = group {
                batch[group].jobs.push(job);
                continue;
            }
            streams += job.appends.len();
            taken.extend(job.appends.iter().map(|append| append.stream.clone()));
            mergeable.extend(job.mergeable().map(|append| (append.stream.clone(), batch.len())));
            batch.push(Group::new(job));
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        batch.iter_mut().for_each(Group::merge);
        batch
    }

    /// Answers a batch. When the server refused all of it, sends its appends again one by one.
    async fn answer_batch(&mut self, session: &mut Option<Session>, batch: Vec<Group>, outcome: SendOutcome) {
        match outcome {
            SendOutcome::Verdicts { verdicts, answer_lost } => {
                for (mut group, verdict) in batch.into_iter().zip(verdicts) {
                    group.jobs.iter_mut().for_each(|job| job.answer_lost |= answer_lost);
                    self.apply_group_verdict(group, verdict);
                }
            }
            SendOutcome::Refused(error)
                if !error.ends_session() && batch.iter().map(|group| group.jobs.len()).sum::<usize>() > 1 =>
            {
                tracing::debug!(%error, "the server refused a batch; sending its appends one by one");
                for job in jobs(batch) {
                    let outcome = self.appender.append(session, &[Call::new(&job.appends)], SendMode::Batch).await;
                    self.answer_job(job, outcome);
                }
            }
            SendOutcome::Refused(error) => answer_all(jobs(batch), &error, Job::answer_refused),
            SendOutcome::Unknown(error) => answer_all(jobs(batch), &error, Job::answer_unknown),
        }
    }

    /// Answers a job that was sent alone.
    fn answer_job(&mut self, mut job: Job, outcome: SendOutcome) {
        match outcome {
            SendOutcome::Verdicts { verdicts, answer_lost } => match verdicts.into_iter().next() {
                Some(verdict) => {
                    job.answer_lost |= answer_lost;
                    self.apply_verdict(job, verdict);
                }
                None => {
                    job.answer_unknown(PostgresAppendError::from(PostgresError::Answer(
                        "the answer to an append is empty".into(),
                    )));
                }
            },
            SendOutcome::Refused(error) => job.answer_refused(error),
            SendOutcome::Unknown(error) => job.answer_unknown(error),
        }
    }

    /// Answers each append of a group when all were appended; otherwise queues them again to be sent separately.
    fn apply_group_verdict(&mut self, group: Group, verdict: ServerVerdict) {
        match (group.into_single(), verdict) {
            (Ok(job), verdict) => self.apply_verdict(job, verdict),
            (Err(group), ServerVerdict::Done(done)) => {
                self.answer_conflicting(group.call().appends, &done);
                self.wake_up.appended();
                for (job, done) in group.split(&done) {
                    job.answer(Ok(done));
                }
            }
            // The group has the expectation of its first append, `Exists`, and the stream does not exist. The others may
            // expect `Any`, so they are queued again.
            (Err(group), ServerVerdict::Conflict(conflict)) if !conflict.violations().any(Violation::ids_taken) => {
                let mut jobs = group.jobs.into_iter();
                if let Some(first) = jobs.next() {
                    first.answer(Err(conflict.into()));
                }
                jobs.rev().for_each(|job| self.waiting.push_front(job));
            }
            (Err(group), ServerVerdict::Conflict(_) | ServerVerdict::Busy) => {
                for mut job in group.jobs.into_iter().rev() {
                    job.never_merge = true;
                    self.waiting.push_front(job);
                }
            }
        }
    }

    fn apply_verdict(&mut self, job: Job, verdict: ServerVerdict) {
        match verdict {
            ServerVerdict::Done(done) => {
                self.answer_conflicting(&job.appends, &done);
                self.wake_up.appended();
                job.answer(Ok(done));
            }
            ServerVerdict::Conflict(conflict) => job.answer(Err(conflict.into())),
            ServerVerdict::Busy => self.lanes.wait_for_streams(job),
        }
    }

    /// Answers the waiting appends that `winner` has outdated: their conflict is certain without asking the server.
    fn answer_conflicting(&mut self, winner: &[Append], done: &[Appended]) {
        let ([winner], [appended]) = (winner, done) else { return };
        if appended.repeated || winner.events.is_empty() {
            return;
        }
        let outdated = appended.first_version().get() - 1..appended.version.get();
        let mut left = VecDeque::with_capacity(self.waiting.len());
        for job in self.waiting.drain(..) {
            match job.conflict_with(winner, &outdated) {
                Some(expected) => {
                    let stream = winner.stream.clone();
                    let violation = Violation::of_stream(stream, expected, appended.version);
                    job.answer(Err(Conflict::new(violation).into()));
                }
                None => left.push_back(job),
            }
        }
        self.waiting = left;
    }

    /// Answers an append of a lane. When it gave up waiting for a stream, refuses also the appends that have waited behind
    /// it for as long.
    fn answer_lane(&mut self, result: LaneResult) {
        if let Some(lock_timeout) = result.lock_timeout() {
            let waited = |job: &Job| result.delayed(job);
            let (gone, left): (VecDeque<Job>, VecDeque<Job>) = self.waiting.drain(..).partition(waited);
            self.waiting = left;
            for job in gone {
                job.answer_refused(PostgresAppendError::Held(lock_timeout));
            }
        }
        self.answer_job(result.job, result.outcome);
    }
}

fn jobs(batch: Vec<Group>) -> Vec<Job> {
    batch.into_iter().flat_map(|group| group.jobs).collect()
}

/// The error after the writer task has ended with its runtime.
fn closed() -> PostgresAppendError {
    PostgresError::Closed.into()
}
