//! The keeper: what a follower does with the events of one step.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    event::{DecodeError, encode},
    projection::{EventBatch, Fault, Row, WorkError, row_order::RowOrder},
    store::{
        Claim, Claimed, Page, ReadError, ReadModelError, ReadModelId, ReadModelStep, ReadModels, Recorded, StoredEvent,
        StoredRow, limits,
    },
};

/// Claims a read model, handles the events of its steps, and moves it on with what it made of them.
#[async_trait]
pub(crate) trait Keeper: Send {
    /// Claims the read model.
    async fn claim(&mut self, claiming: Claiming<'_>) -> Result<Claimed, WorkError> {
        let Claiming { read_models, model, owner, lease, .. } = claiming;
        Ok(read_models.claim(model, owner, lease).await?)
    }

    /// Handles the events of a step, and takes it with what they change. Nothing is written if one of them fails. Gives the step
    /// that was taken where it is a shorter one, of the first events.
    async fn take(&mut self, taking: Taking<'_>) -> Result<Option<ReadModelStep>, NotTaken>;

    /// Forgets what it knows of the stored rows: somebody else may have changed them.
    fn forget(&mut self);
}

/// What is claimed.
#[derive(Clone, Copy)]
pub(crate) struct Claiming<'a> {
    pub(crate) read_models: &'a dyn ReadModels,
    pub(crate) model: &'a ReadModelId,
    pub(crate) owner: &'a str,
    pub(crate) lease: Duration,
    /// The longest time for what the projection does.
    pub(crate) timeout: Duration,
}

/// A step that is to be taken.
#[derive(Clone, Copy)]
pub(crate) struct Taking<'a> {
    pub(crate) read_models: &'a dyn ReadModels,
    pub(crate) claim: &'a Claim,
    /// What is handled; at least one.
    pub(crate) events: &'a [StoredEvent],
    pub(crate) step: &'a ReadModelStep,
    /// The longest time for what the projection does with an event.
    pub(crate) timeout: Duration,
}

/// Why a step was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// An event could not be handled.
    Event {
        /// Which of the events of the step.
        index: usize,
        cause: Cause,
    },
    /// Several events cannot be one step.
    TooMany,
    /// The store did not take it, or it is not known whether it did.
    Store(ReadModelError),
}

/// Why an event could not be handled.
#[derive(Debug)]
pub(crate) enum Cause {
    /// A method failed or panicked, or a row cannot be kept.
    Failed(Fault),
    /// A newer program wrote the event.
    Newer(Fault),
}

impl Cause {
    /// The error, with its sources.
    pub(crate) fn text(&self) -> String {
        let (Self::Failed(error) | Self::Newer(error)) = self;
        with_sources(error)
    }
}

/// The text of an error of the application, with its sources.
pub(crate) fn with_sources(error: &Fault) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl From<Fault> for Cause {
    fn from(error: Fault) -> Self {
        Self::Failed(error)
    }
}

impl From<ReadError> for Cause {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Decode { source: DecodeError::Newer { .. } | DecodeError::UnknownName, .. } => {
                Self::Newer(error.into())
            }
            error => Self::Failed(error.into()),
        }
    }
}

/// How many rows a keeper keeps in memory between two steps, so that it need not read them.
const KEPT: usize = 10_000;

/// The most bytes of rows in one step of several events, and the most that are written before the kept rows are forgotten.
const STEP_BYTES: usize = Page::BYTES;
const KEPT_BYTES: usize = 4 * STEP_BYTES;

/// Keeps rows by key.
pub(crate) struct RowKeeper<R: Row> {
    order: RowOrder,
    /// Rows as they are stored.
    kept: BTreeMap<R::Key, R>,
    /// How many bytes were written since there were none.
    bytes: usize,
}

/// A row that the events of a step change.
struct Changed<R> {
    row: R,
    key: String,
    /// The last event that changes it.
    by: usize,
}

impl<R: Row> RowKeeper<R> {
    pub(crate) fn new() -> Self {
        Self { order: RowOrder::of::<R::Key>(), kept: BTreeMap::new(), bytes: 0 }
    }

    /// Reads the rows that are not kept in memory.
    async fn load(
        &mut self,
        read_models: &dyn ReadModels,
        claim: &Claim,
        decoded: &[Decoded<R>],
    ) -> Result<BTreeMap<R::Key, Changed<R>>, NotTaken> {
        let mut changed = BTreeMap::new();
        let mut missing = BTreeMap::new();
        for event in decoded {
            for key in &event.keys {
                if changed.contains_key(key) || missing.contains_key(key) {
                    continue;
                }
                let stored = self.order.store(key);
                match self.kept.remove(key) {
                    Some(row) => drop(changed.insert(key.clone(), Changed { row, key: stored, by: event.index })),
                    None => drop(missing.insert(key.clone(), (stored, event.index))),
                }
            }
        }
        if missing.is_empty() {
            return Ok(changed);
        }
        let keys: Vec<_> = missing.values().map(|(stored, _)| stored.clone()).collect();
        let states = read_models.rows(&claim.model, &keys).await.map_err(NotTaken::Store)?;
        for ((key, (stored, index)), state) in missing.into_iter().zip(states) {
            let row = match state.map(|state| read::<R>(&state)).transpose() {
                Ok(row) => row.unwrap_or_default(),
                Err(error) => return Err(NotTaken::Event { index, cause: Cause::Failed(error.into()) }),
            };
            changed.insert(key, Changed { row, key: stored, by: index });
        }
        Ok(changed)
    }
}

/// An event, and the rows that it changes.
struct Decoded<R: Row> {
    index: usize,
    event: Recorded<R::Events>,
    keys: Vec<R::Key>,
}

fn decode<R: Row>(events: &[StoredEvent]) -> Result<Vec<Decoded<R>>, NotTaken> {
    let mut decoded = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        let at = |cause| NotTaken::Event { index, cause };
        let mut batch = EventBatch::<R::Events>::new(vec![event.clone()]);
        while let Some(event) = batch.try_next().map_err(|error| at(error.into()))? {
            let keys = guarded(|| row_keys::<R>(&event)).map_err(|error| at(error.into()))?;
            decoded.push(Decoded { index, event, keys });
        }
    }
    Ok(decoded)
}

/// The keys of the rows that an event changes, each once.
pub(crate) fn row_keys<R: Row>(event: &Recorded<R::Events>) -> Result<Vec<R::Key>, Fault> {
    let mut keys = Vec::new();
    R::keys(event, &mut |key| {
        if !keys.contains(&key) {
            keys.push(key);
        }
    })?;
    Ok(keys)
}

/// Reads a stored row.
///
/// # Errors
/// [`RowShape`].
pub(crate) fn read<R: Row>(state: &[u8]) -> Result<R, RowShape> {
    serde_json::from_slice(state).map_err(|error| RowShape {
        projection: R::NAME,
        line: error.line(),
        column: error.column(),
    })
}

/// A stored row has another shape. Holds nothing of the row, as the message of serde would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored row of `{projection}` does not fit its type (line {line}, column {column}); raise the `version` of the \
     projection when the shape of its rows changes, or rebuild it"
)]
#[non_exhaustive]
pub struct RowShape {
    /// The name of the projection.
    pub projection: &'static str,
    /// The line of the stored JSON that does not fit, from 1.
    pub line: usize,
    /// The column in that line, in bytes.
    pub column: usize,
}

#[async_trait]
impl<R: Row> Keeper for RowKeeper<R> {
    async fn take(&mut self, taking: Taking<'_>) -> Result<Option<ReadModelStep>, NotTaken> {
        let Taking { read_models, claim, events, step, .. } = taking;
        let decoded = decode::<R>(events)?;
        let mut changed = self.load(read_models, claim, &decoded).await?;
        for Decoded { index, event, keys } in &decoded {
            for key in keys {
                let Some(changed) = changed.get_mut(key) else { continue };
                changed.by = *index;
                guarded(|| changed.row.apply(event))
                    .map_err(|error| NotTaken::Event { index: *index, cause: error.into() })?;
            }
        }
        let mut step = step.clone();
        for changed in changed.values() {
            step.rows
                .push(stored(changed).map_err(|error| NotTaken::Event { index: changed.by, cause: error.into() })?);
        }
        let bytes: usize = step.rows.iter().map(|row| row.state.len()).sum();
        if bytes > STEP_BYTES && events.len() > 1 {
            return Err(NotTaken::TooMany);
        }
        read_models.advance(claim, step).await.map_err(NotTaken::Store)?;
        self.bytes += bytes;
        if self.kept.len() + changed.len() > KEPT || self.bytes > KEPT_BYTES {
            self.forget();
        }
        self.kept.extend(changed.into_iter().map(|(key, changed)| (key, changed.row)));
        Ok(None)
    }

    fn forget(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }
}

/// Encodes a row, and checks what every store refuses.
fn stored<R: Row>(changed: &Changed<R>) -> Result<StoredRow, Fault> {
    let mut state = Vec::new();
    guarded(|| encode::json(&changed.row, &mut state).map_err(Into::into))?;
    let row = StoredRow::new(changed.key.clone(), state);
    limits::check_row(&row)?;
    Ok(row)
}

/// Calls code of the application, and takes a panic for an error.
fn guarded<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // Unwind safe: after an error the caller drops what the code has changed.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// The error for a panic of the application's code.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Fault {
    Panicked(message(panic)).into()
}

/// The message of a panic is that of the application's own code, for its operators.
#[derive(Debug, thiserror::Error)]
#[error("a method panicked: {0}")]
struct Panicked(String);

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("its message is no text").to_owned()
}
