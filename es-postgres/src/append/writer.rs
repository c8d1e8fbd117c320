//! The writer: takes all appends that wait and sends them together, each with a verdict of its own.
//!
//! There is no timer: a batch is what queued while the last one was on its way. A stream is in a batch once; later
//! appends to it wait in order. What another transaction holds goes to the patient lane, and its streams stay out of
//! batches meanwhile, so that a batch never waits. What is bigger than a batch goes over a connection of its own, so that
//! nobody else waits for its transfer.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use es_core::{Append, AppendError, Appended, Conflict, StreamId, UnknownOutcome, Violation};
use tokio::sync::mpsc;

use crate::append::attempt::{Appender, Lane, Outcome, Session};
use crate::append::columns::Call;
use crate::append::error::PostgresAppendError;
use crate::append::group::Group;
use crate::append::job::{Job, share};
use crate::append::lanes::{Lanes, Through};
use crate::append::verdict::Verdict;
use crate::server::error::PostgresError;
use crate::subscribe::notify::WakeUp;

/// How much one batch may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    pub(crate) bytes: usize,
    pub(crate) events: usize,
    /// One lock is held for each stream.
    pub(crate) streams: usize,
}

/// Gives appends to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Queue(mpsc::UnboundedSender<Job>);

impl Queue {
    /// Starts the writer; it ends with the last queue.
    pub(crate) fn start(appender: Arc<Appender>, limits: BatchLimits, wake_up: WakeUp) -> Self {
        let (sender, jobs) = mpsc::unbounded_channel();
        let lanes = Lanes::new(Arc::clone(&appender));
        let writer = Writer { appender, limits, wake_up, waiting: VecDeque::new(), lanes };
        tokio::spawn(writer.run(jobs));
        Self(sender)
    }

    /// Appends. When this future is dropped the append still happens, or does not.
    pub(crate) async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let appends = Arc::new(appends);
        let (job, outcome) = Job::new(Arc::clone(&appends));
        // every caller has at most one append in here, and waits: the callers bound the queue
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
    /// Appends that go by themselves.
    lanes: Lanes,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut session = None;
        let mut open = true;
        let mut answered = 0;
        while open || !self.waiting.is_empty() || !self.lanes.is_empty() {
            if answered > 1 {
                // those who were just answered come back before the next batch leaves without them
                tokio::task::yield_now().await;
            }
            self.hear(&mut jobs);
            let batch = self.batch();
            if batch.is_empty() {
                // without an await here this loop would spin, and no task of a lane would come to an end
                tokio::select! {
                    job = jobs.recv(), if open => match job {
                        Some(job) => self.waiting.push_back(job),
                        None => open = false,
                    },
                    Some(through) = self.lanes.next() => self.through(through),
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
                        Some(through) = self.lanes.next() => self.through(through),
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
            if job.is_abandoned() {
                continue;
            }
            let count = job.events();
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
            let blocked = |append: &Append| taken.contains(&append.stream) || self.lanes.hold(&append.stream);
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
                self.lanes.send_apart(job);
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
                for job in jobs(batch) {
                    let outcome = self.appender.append(session, &[Call::whole(&job.appends)], Lane::Batch).await;
                    self.settle(job, outcome);
                }
            }
            Outcome::Refused(error) => share(jobs(batch), error, Job::refused),
            Outcome::Unknown(error) => share(jobs(batch), error, Job::unknown),
        }
    }

    fn settle(&mut self, mut job: Job, outcome: Outcome) {
        match outcome {
            Outcome::Verdicts { verdicts, sent_before } => match verdicts.into_iter().next() {
                Some(verdict) => {
                    job.sent_before |= sent_before;
                    self.judge(job, verdict);
                }
                None => {
                    job.unknown(PostgresAppendError::from(PostgresError::Answer(
                        "the append's answer is empty".into(),
                    )));
                }
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
                self.wake_up.appended();
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
                self.wake_up.appended();
                job.hear(Ok(done));
            }
            Verdict::Conflict(conflict) => job.hear(Err(conflict.into())),
            Verdict::Busy => self.lanes.wait_for_streams(job),
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

    /// Answers an append that went by itself, and those that waited behind it for as long until it gave up.
    fn through(&mut self, through: Through) {
        if let Some(patience) = through.gave_up() {
            let waited = |job: &Job| through.kept_waiting(job);
            let (gone, left): (VecDeque<Job>, VecDeque<Job>) = self.waiting.drain(..).partition(waited);
            self.waiting = left;
            for job in gone {
                job.refused(PostgresAppendError::Held(patience));
            }
        }
        self.settle(through.job, through.outcome);
    }
}

fn jobs(batch: Vec<Group>) -> Vec<Job> {
    batch.into_iter().flat_map(|group| group.jobs).collect()
}

/// The writer has ended with its runtime.
fn closed() -> PostgresAppendError {
    PostgresError::Closed.into()
}
