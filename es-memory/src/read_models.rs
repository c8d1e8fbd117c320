//! Keeps read models: their rows, and the checkpoints that move with them.

use std::{collections::BTreeMap, ops::Bound, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use es_core::{
    Claim, Claimed, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelState, ReadModelStatus,
    ReadModelStep, ReadModels, StoredRow, Timestamp, limits,
};

use crate::MemoryStore;

/// The read models, by their names and versions.
pub(crate) type ReadModelMap = BTreeMap<ReadModelId, Kept>;

/// A read model.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its `lease_left` depends on the time, so it is `None` here; [`Kept::status_at`] sets it.
    status: ReadModelStatus,
    lease: Option<Lease>,
    /// The states of the rows. Texts are compared by their bytes.
    rows: BTreeMap<String, Bytes>,
}

/// The time for which an owner stays the owner.
#[derive(Clone, Copy, Debug)]
struct Lease {
    length: Duration,
    end: Timestamp,
}

impl Lease {
    fn starting(now: Timestamp, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        let end = Timestamp::from_micros(now.as_micros().saturating_add(micros)).unwrap_or(Timestamp::MAX);
        Self { length, end }
    }

    /// How long it still lasts; `None` when it is over: its end is reached, or lies further ahead than its length, because the
    /// clock was set back.
    fn left(self, now: Timestamp) -> Option<Duration> {
        let left = u64::try_from(self.end.as_micros() - now.as_micros()).ok().map(Duration::from_micros);
        left.filter(|left| !left.is_zero() && *left <= self.length)
    }
}

impl Kept {
    fn new(model: ReadModelId) -> Self {
        Self { status: ReadModelStatus::new(model), lease: None, rows: BTreeMap::new() }
    }

    fn status_at(&self, now: Timestamp) -> ReadModelStatus {
        let mut status = self.status.clone();
        status.lease_left = self.lease.and_then(|lease| lease.left(now));
        status
    }

    fn can_be_claimed(&self, owner: &str, now: Timestamp) -> bool {
        let waits = matches!(self.status.state, ReadModelState::Paused | ReadModelState::Stopped);
        let is_owned = self.lease.is_some_and(|lease| lease.left(now).is_some());
        !waits && (!is_owned || self.status.owner.as_deref() == Some(owner))
    }
}

#[async_trait]
impl ReadModels for MemoryStore {
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
        limits::check_owner(owner)?;
        let mut models = self.shared.write_read_models();
        let now = (self.shared.clock)();
        let kept = models.entry(model.clone()).or_insert_with(|| Kept::new(model.clone()));
        if !kept.can_be_claimed(owner, now) {
            return Ok(Claimed::Refused(kept.status_at(now)));
        }
        let status = &mut kept.status;
        status.epoch += 1;
        status.owner = Some(owner.to_owned());
        kept.lease = Some(Lease::starting(now, lease));
        Ok(Claimed::Owned(Claim::new(model.clone(), status.epoch, status.handled, status.seen, status.complete)))
    }

    async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<(), ReadModelError> {
        limits::check_step(claim, &step)?;
        let mut models = self.shared.write_read_models();
        let now = (self.shared.clock)();
        let stands = |status: &ReadModelStatus| {
            (status.epoch, status.handled.position()) == (claim.epoch, claim.handled.position())
        };
        let kept = models.get_mut(&claim.model).filter(|kept| stands(&kept.status)).ok_or_else(|| claim.fenced())?;
        let status = &mut kept.status;
        (status.handled, status.seen) = (step.handled, step.seen);
        status.complete |= step.state == ReadModelState::Live;
        status.state = step.state;
        status.failure = step.failure;
        kept.lease = step.lease.map(|length| Lease::starting(now, length));
        if kept.lease.is_none() {
            status.owner = None;
        }
        kept.rows.extend(step.rows.into_iter().map(|row| (row.key, row.state)));
        Ok(())
    }

    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError> {
        let models = self.shared.read_read_models();
        let rows = models.get(model).map(|kept| &kept.rows);
        Ok(keys.iter().map(|key| rows?.get(key).cloned()).collect())
    }

    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError> {
        let models = self.shared.read_read_models();
        let above = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let rows = models.get(model).into_iter().flat_map(|kept| kept.rows.range::<str, _>(above));
        Ok(rows.take(limit).map(|(key, state)| StoredRow::new(key, state.clone())).collect())
    }

    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError> {
        let models = self.shared.read_read_models();
        let now = (self.shared.clock)();
        Ok(models.values().map(|kept| kept.status_at(now)).collect())
    }

    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        let mut models = self.shared.write_read_models();
        let kept = models.get_mut(model).ok_or_else(|| ReadModelError::Unknown { model: model.clone() })?;
        if let Some(asked) = request.applied_to(&kept.status) {
            kept.status = asked;
            kept.lease = None;
            if request == ReadModelRequest::Rebuild {
                kept.rows.clear();
            }
        }
        Ok(())
    }

    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError> {
        // The event at index `i` has position `i + 1`.
        Ok((self.shared.read().events.len() as u64).saturating_sub(after.get()))
    }
}
