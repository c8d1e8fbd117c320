//! The factory: where a promise gets its stores from.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use es_core::{EncodeError, EventStore, LimitError, Metadata, NewEvent, StreamId};

use crate::promises::Sample;

/// Why a store could not be set up: any error, of any crate.
pub type FactoryError = Box<dyn Error + Send + Sync>;

/// What a store may have beyond the promises. One that is not declared is listed as not promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Property {
    /// What was acknowledged is there after the store was closed and opened again.
    Durable,
    /// Several processes may use the same log at once.
    SeveralProcesses,
    /// A subscription wakes up without asking again and again.
    WakesWithoutPolling,
}

impl Property {
    pub(crate) const ALL: [Self; 3] = [Self::Durable, Self::SeveralProcesses, Self::WakesWithoutPolling];
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Durable => "what was acknowledged survives closing and opening again",
            Self::SeveralProcesses => "several processes may use the same log at once",
            Self::WakesWithoutPolling => "subscriptions wake up without asking again and again",
        })
    }
}

/// What a store may be able to do beyond events: its [capabilities](es_core::Capabilities), and what it takes with an append. One
/// that is declared has to be offered, and one that is not must not be; it is listed as not promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// It keeps snapshots.
    Snapshots,
    /// It holds idempotency keys.
    Keys,
}

impl Operation {
    pub(crate) const ALL: [Self; 2] = [Self::Snapshots, Self::Keys];
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "snapshots are kept",
            Self::Keys => "idempotency keys are held",
        })
    }
}

/// Makes stores for the contract, and declares what they can do.
#[async_trait]
pub trait Factory: Send + Sync {
    /// Makes a fresh store: empty, with a log of its own.
    ///
    /// # Errors
    /// Whatever kept the store from opening; the promise fails with it.
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError>;

    /// Opens the store that is at `address`, in another process than the one that made it. Asked for only where
    /// [`Property::SeveralProcesses`] is declared.
    ///
    /// # Errors
    /// Whatever kept the store from opening.
    async fn join(&self, address: &str) -> Result<Arc<dyn EventStore>, FactoryError> {
        Err(format!("no other process can open `{address}`; implement `Factory::join`").into())
    }

    /// What the stores have beyond the promises; nothing unless declared.
    fn properties(&self) -> &[Property] {
        &[]
    }

    /// What the stores can do beyond events; nothing unless declared.
    fn operations(&self) -> &[Operation] {
        &[]
    }
}

/// A store made for one promise.
///
/// What it holds outside the process is removed when it is dropped.
#[async_trait]
pub trait FreshStore: Send + Sync {
    /// A handle to the store, each time a new one: what one part of a program, or where [`Property::SeveralProcesses`]
    /// is declared one of several programs, would hold.
    ///
    /// # Errors
    /// Whatever kept the store from opening.
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError>;

    /// A handle to the store after it was closed and opened again. Asked for only where [`Property::Durable`] is
    /// declared.
    ///
    /// # Errors
    /// Whatever kept the store from opening.
    async fn reopened(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        Err(FactoryError::from("this store does not say how it is opened again; implement `FreshStore::reopened`"))
    }

    /// Where another process finds the store: what [`Factory::join`] takes. Asked for only where
    /// [`Property::SeveralProcesses`] is declared.
    fn address(&self) -> Option<String> {
        None
    }

    /// How many readers and subscriptions are open, over all handles.
    fn open_readers(&self) -> usize;

    /// Puts the store's clock back by `by`, as an administrator does with the clock of a machine. Where nobody can do
    /// that, moves the recorded times of everything that is stored ahead by as much: to the store it is the same.
    ///
    /// # Errors
    /// Whatever kept the clock from being put back; the promise that times never go back fails with it.
    async fn put_clock_back(&self, by: Duration) -> Result<(), FactoryError> {
        let _ = by;
        Err(FactoryError::from(
            "this store does not say how its clock is put back; implement `FreshStore::put_clock_back`",
        ))
    }

    /// Encodes an event: a seam for stores that break the promises about encoding.
    #[doc(hidden)]
    fn encode(&self, event: &Sample, metadata: Option<&Metadata>) -> Result<NewEvent, EncodeError> {
        let event = NewEvent::encode(event, drop)?;
        metadata.map_or(Ok(event.clone()), |metadata| event.with_metadata(metadata))
    }

    /// Names a stream: a seam for stores that break the promises about names.
    #[doc(hidden)]
    fn stream(&self, category: &str, id: &str) -> Result<StreamId, LimitError> {
        StreamId::new(category, id)
    }
}
