//! The read models that a store keeps: how far each has come, its rows, and who keeps it up to date.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use crate::store::{Claim, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelStatus, ReadModelStep};

/// Keeps read models: of each its rows, and the checkpoint that moves with them in one transaction. A store gives it in
/// [`Capabilities::read_models`](crate::Capabilities::read_models).
///
/// One program at a time owns a read model, by a [`Claim`]. Each claim has a higher epoch than the one before, and only the
/// newest one can [`advance`](Self::advance). So two programs that both believe to own a read model never apply an event twice,
/// whatever their leases say: a lease only keeps them from trying.
///
/// Applications use [`Projections`](crate::Projections).
///
/// ```
/// # use es_core::*;
/// # use std::time::Duration;
/// # async fn example(read_models: &dyn ReadModels, event: StoredEvent, seen: Checkpoint) -> Result<(), ReadModelError> {
/// let (balances, lease) = (ReadModelId::new("balances", 1)?, Duration::from_secs(5));
/// if let Claimed::Owned(claim) = read_models.claim(&balances, "worker 7", lease).await? {
///     let row = StoredRow::new(event.stream.id(), r#"{"balance":5}"#);
///     let mut step = ReadModelStep::new(seen.at(event.position), seen, ReadModelState::Live);
///     step.rows = vec![row];
///     step.lease = Some(lease);
///     read_models.advance(&claim, step).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait ReadModels: Send + Sync {
    /// Makes `owner` the owner of the read model for the time `lease`, by the store's clock, if nobody else is: when it has no
    /// owner, when `owner` is its owner already, and when the lease of its owner is over. A lease that lies further ahead than
    /// its own length is over, too: the clock was set back.
    ///
    /// The first claim of a read model makes it: with nothing handled, and in the state
    /// [`Building`](crate::ReadModelState::Building). Nobody can claim one that is [`Paused`](crate::ReadModelState::Paused) or
    /// [`Stopped`](crate::ReadModelState::Stopped). An owner is never waited for: while a step of it is under way, the answer is
    /// that it owns the read model.
    ///
    /// # Errors
    /// [`ReadModelError::Limit`] for an owner's name that [`limits::check_owner`](crate::limits::check_owner) refuses;
    /// [`ReadModelError::Store`].
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError>;

    /// Moves the read model to where `step` says and writes its rows, all or nothing, if nobody has claimed it or asked anything
    /// of it since `claim`, and it still stands where the claim says. Afterwards it stands at [`ReadModelStep::handled`]: the
    /// claim for the next step is [`Claim::after`].
    ///
    /// A store checks the epoch and the old position first, in the transaction that writes the rows. After a crash of the store's
    /// machine a step may be lost as a whole, with all later ones, never in part.
    ///
    /// # Errors
    /// [`ReadModelError::Fenced`] when something happened since `claim`; [`ReadModelError::Limit`],
    /// [`ReadModelError::DuplicateKey`] and [`ReadModelError::Backwards`] as by [`limits::check_step`](crate::limits::check_step). Nothing was written then. After
    /// [`ReadModelError::Store`] the step may have been taken or not. If it was, and moved [`handled`](ReadModelStep::handled), it is
    /// fenced when it is sent again.
    async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<(), ReadModelError>;

    /// Gives the states of the rows with these keys, in the order of the keys; `None` where there is no such row.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError>;

    /// Gives at most `limit` rows whose keys are above `after`, in the order of the bytes of the keys; the first ones with
    /// `None`. A page may have fewer than `limit` rows, and only an empty one is the end.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError>;

    /// Gives all read models that were ever claimed, by their names and versions.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError>;

    /// Asks something of a read model, whoever owns it. The claim of its owner ends with it, so a step that is under way is
    /// taken before, or is fenced. A request that changes nothing, such as to pause what is paused, ends no claim.
    ///
    /// # Errors
    /// [`ReadModelError::Unknown`] if it was never claimed; [`ReadModelError::Store`].
    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError>;

    /// Counts the stored events above `after`, up to the frontier.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError>;
}

/// The answer to a claim.
///
/// ```
/// # use es_core::Claimed;
/// fn tell(claimed: &Claimed) -> String {
///     match claimed {
///         Claimed::Owned(claim) => format!("continue behind {}", claim.seen),
///         Claimed::Refused(status) => format!("not now: {:?} owns it, {:?}", status.owner, status.state),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a claim is granted or refused")]
pub enum Claimed {
    /// The caller owns the read model.
    Owned(Claim),
    /// It does not: another one does, or the read model is paused or has stopped.
    Refused(ReadModelStatus),
}

/// A row as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredRow {
    /// What the row is found by. Rows are kept in the order of the bytes of their keys.
    pub key: String,
    /// The encoded state: JSON.
    pub state: Bytes,
}

impl StoredRow {
    /// A row with this key, whose state is the JSON `state`.
    ///
    /// ```
    /// # use es_core::StoredRow;
    /// assert_eq!(StoredRow::new("4711", r#"{"balance":5}"#).key, "4711");
    /// ```
    pub fn new(key: impl Into<String>, state: impl Into<Bytes>) -> Self {
        Self { key: key.into(), state: state.into() }
    }
}

/// Shows neither the key nor the state, since they hold people's data.
impl fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, state } = self;
        f.debug_struct("StoredRow").field("key_bytes", &key.len()).field("state_bytes", &state.len()).finish()
    }
}
