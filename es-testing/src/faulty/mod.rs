//! A store that fails on purpose.

mod calls;
mod read_models;
mod snapshots;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_stream::stream;
use async_trait::async_trait;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, Page, ReadError,
    ReadModels, Snapshots, StoreError, StoreErrorKind, StoredEvent, StreamId, UnknownOutcome, Version,
};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::drop_after::DropAfter;

/// A store around another one that injects faults by seed: for tests of code that uses a store.
///
/// No fault is injected by default. The faults are those of a network: they break no promise of the store, except that a
/// subscription with [`duplicates`](Self::duplicates) delivers events again.
///
/// Snapshots fail, too: finding one has the chances of a read, and storing one those of an append. So do read models: rows,
/// statuses and counts have the chances of a read; claims, steps and requests have those of an append.
///
/// ```
/// # use es_core::EventStore;
/// # use es_testing::FaultyStore;
/// # fn example(store: impl EventStore) {
/// // One append in ten fails before anything is sent, one in ten loses its answer.
/// let store = FaultyStore::new(store, 4711).errors_before(0.1).lost_answers(0.1);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FaultyStore<S> {
    store: S,
    chances: Chances,
    dice: Arc<Dice>,
    /// The partitions of the inner store, each behind the same faults; made on the first call.
    partitions: OnceLock<Vec<Arc<dyn EventStore>>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Chances {
    errors_before: f64,
    busy: f64,
    lost_answers: f64,
    read_errors: f64,
    delays: f64,
    longest_delay: Duration,
    cancellations: f64,
    duplicates: f64,
}

impl<S: EventStore> FaultyStore<S> {
    /// `store` with faults drawn from `seed`; the same seed and the same calls in the same order give the same faults.
    pub fn new(store: S, seed: u64) -> Self {
        Self { store, chances: Chances::default(), dice: Arc::new(Dice::new(seed)), partitions: OnceLock::new() }
    }

    fn with(mut self, set: impl FnOnce(&mut Chances)) -> Self {
        set(&mut self.chances);
        self.partitions = OnceLock::new();
        self
    }

    /// The chance that an append fails before it is sent, with [`AppendError::Store`] as from a store
    /// that cannot be reached: nothing is appended.
    #[must_use]
    pub fn errors_before(self, chance: f64) -> Self {
        self.with(|chances| chances.errors_before = chance)
    }

    /// The chance that an append is refused as busy, with [`StoreErrorKind::Busy`]: nothing is appended, and it is safe to
    /// decide again.
    #[must_use]
    pub fn busy(self, chance: f64) -> Self {
        self.with(|chances| chances.busy = chance)
    }

    /// The chance that an append succeeds, but its answer is lost: [`AppendError::Unknown`].
    #[must_use]
    pub fn lost_answers(self, chance: f64) -> Self {
        self.with(|chances| chances.lost_answers = chance)
    }

    /// The chance, at each event that is read, that the read ends with [`ReadError::Store`].
    #[must_use]
    pub fn read_errors(self, chance: f64) -> Self {
        self.with(|chances| chances.read_errors = chance)
    }

    /// The chance of a pause of up to `longest` before an operation and after it.
    #[must_use]
    pub fn delays(self, chance: f64, longest: Duration) -> Self {
        self.with(|chances| {
            chances.delays = chance;
            chances.longest_delay = longest;
        })
    }

    /// The chance that an append is cancelled at one of its await points, and its answer is lost with it:
    /// [`AppendError::Unknown`], whether it was done or not.
    #[must_use]
    pub fn cancellations(self, chance: f64) -> Self {
        self.with(|chances| chances.cancellations = chance)
    }

    /// The chance, at each event that a subscription delivers, that it is delivered twice, as to a consumer that was stopped before
    /// it stored its checkpoint.
    #[must_use]
    pub fn duplicates(self, chance: f64) -> Self {
        self.with(|chances| chances.duplicates = chance)
    }

    /// Gives the inner store back.
    pub fn into_inner(self) -> S {
        self.store
    }

    async fn pause(&self) {
        if self.dice.hits(self.chances.delays) {
            let longest = u64::try_from(self.chances.longest_delay.as_micros()).unwrap_or(u64::MAX);
            tokio::time::sleep(Duration::from_micros(self.dice.below(longest.saturating_add(1)))).await;
        }
    }

    fn faulty<'a>(
        &'a self,
        mut events: BoxStream<'a, Result<StoredEvent, ReadError>>,
    ) -> BoxStream<'a, Result<StoredEvent, ReadError>> {
        stream! {
            self.pause().await;
            while let Some(event) = events.next().await {
                if self.dice.hits(self.chances.read_errors) {
                    yield Err(ReadError::Store(on_purpose("the read broke off")));
                    return;
                }
                yield event;
            }
        }
        .boxed()
    }

    /// An error ends a page before an event; the events before it are delivered first.
    fn faulty_pages<'a>(
        &'a self,
        mut pages: BoxStream<'a, Result<Page, ReadError>>,
        duplicates: f64,
    ) -> BoxStream<'a, Result<Page, ReadError>> {
        stream! {
            self.pause().await;
            while let Some(page) = pages.next().await {
                let mut page = match page {
                    Ok(page) => page,
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                };
                if let Some(broken) = page.events.iter().position(|_| self.dice.hits(self.chances.read_errors)) {
                    page.events.truncate(broken);
                    if let Some(last) = page.events.last() {
                        page.up_to = last.position;
                        yield Ok(page);
                    }
                    yield Err(ReadError::Store(on_purpose("the read broke off")));
                    return;
                }
                let twice = |event: StoredEvent| {
                    let copy = self.dice.hits(duplicates).then(|| event.clone());
                    std::iter::once(event).chain(copy)
                };
                page.events = page.events.into_iter().flat_map(twice).collect();
                yield Ok(page);
            }
        }
        .boxed()
    }
}

#[async_trait]
impl<S: EventStore> EventStore for FaultyStore<S> {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.pause().await;
        if self.dice.hits(self.chances.errors_before) {
            return Err(AppendError::Store(on_purpose("the append was not sent")));
        }
        if self.dice.hits(self.chances.busy) {
            return Err(AppendError::Store(StoreError::new(StoreErrorKind::Busy, "the store is busy, on purpose")));
        }
        let again = request.clone();
        let lost = |what| AppendError::from(UnknownOutcome::new(again, on_purpose(what)));
        if self.dice.hits(self.chances.cancellations) {
            let points = usize::try_from(self.dice.below(4)).unwrap_or_default();
            drop(DropAfter::new(self.store.append(request), points).await);
            return Err(lost("the append was cancelled"));
        }
        let answer = self.store.append(request).await?;
        self.pause().await;
        if self.dice.hits(self.chances.lost_answers) { Err(lost("the answer was lost")) } else { Ok(answer) }
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.faulty(self.store.read_stream(stream, from, direction, limit))
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.faulty_pages(self.store.read_pages(from, direction, filter, limit), 0.0)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.pause().await;
        self.store.frontier().await
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        self.store.changed(seen).await
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        self.faulty_pages(self.store.subscribe_pages(after, filter), self.chances.duplicates)
    }

    fn partitions(&self) -> &[Arc<dyn EventStore>] {
        self.partitions.get_or_init(|| {
            let behind_faults = |store: &Arc<dyn EventStore>| -> Arc<dyn EventStore> {
                let (store, dice) = (Arc::clone(store), Arc::clone(&self.dice));
                Arc::new(FaultyStore { store, chances: self.chances, dice, partitions: OnceLock::new() })
            };
            self.store.partitions().iter().map(behind_faults).collect()
        })
    }

    /// The capabilities of the inner store, each behind the faults.
    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models, snapshots } = self.store.capabilities();
        Capabilities {
            read_models: read_models.map(|_| self as &dyn ReadModels),
            snapshots: snapshots.map(|_| self as &dyn Snapshots),
        }
    }
}

fn on_purpose(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("{what}, on purpose"))
}

/// A sequence of numbers from a seed (SplitMix64): shared without a lock, and the same on every machine.
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut number = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn hits(&self, chance: f64) -> bool {
        // 32 bits are precise enough for a chance.
        chance > 0.0 && f64::from(u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)) < chance * f64::from(u32::MAX)
    }
}
