//! The factory, from which a promise gets its stores.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use es_core::{EncodeError, EventStore, LimitError, Metadata, NewEvent, StreamId};

use crate::promises::Sample;

/// Why a store could not be set up: an error of any crate.
pub type FactoryError = Box<dyn Error + Send + Sync>;

/// A property that a store may have beyond the promises. A property that is not declared is listed as not promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Property {
    /// Acknowledged events are still there after the store was closed and opened again.
    Durable,
    /// Several processes may use the same log at once.
    SeveralProcesses,
    /// A waiting subscription is woken up, and does not poll.
    WakesWithoutPolling,
}

impl Property {
    pub(crate) const ALL: [Self; 3] = [Self::Durable, Self::SeveralProcesses, Self::WakesWithoutPolling];
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Durable => "acknowledged events survive closing and opening the store",
            Self::SeveralProcesses => "several processes may use the same log at once",
            Self::WakesWithoutPolling => "subscriptions are woken up without polling",
        })
    }
}

/// An operation that a store may offer beyond events: its [capabilities](es_core::Capabilities), and what an append may carry. A
/// declared operation must work, and an undeclared one must not be offered; it is listed as not promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// It keeps snapshots.
    Snapshots,
    /// It holds idempotency keys.
    Keys,
    /// It keeps read models.
    ReadModels,
}

impl Operation {
    pub(crate) const ALL: [Self; 3] = [Self::Snapshots, Self::Keys, Self::ReadModels];
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "snapshots are kept",
            Self::Keys => "idempotency keys are held",
            Self::ReadModels => "read models are kept",
        })
    }
}

/// Makes stores for the contract, and declares what they can do.
#[async_trait]
pub trait Factory: Send + Sync {
    /// Makes a fresh store: empty, with a log of its own.
    ///
    /// # Errors
    /// The store could not be opened; the promise fails with that error.
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError>;

    /// Opens the store at `address`, in another process than the one that made it. Called only where
    /// [`Property::SeveralProcesses`] is declared.
    ///
    /// # Errors
    /// The store could not be opened.
    async fn join(&self, address: &str) -> Result<Arc<dyn EventStore>, FactoryError> {
        Err(format!("no other process can open `{address}`; implement `Factory::join`").into())
    }

    /// The properties of the stores beyond the promises; none by default.
    fn properties(&self) -> &[Property] {
        &[]
    }

    /// The operations that the stores offer beyond events; none by default.
    fn operations(&self) -> &[Operation] {
        &[]
    }
}

/// A store made for one promise.
///
/// Dropping it removes what the store holds outside of the process.
#[async_trait]
pub trait FreshStore: Send + Sync {
    /// Gives a new handle to the store at each call. It is the handle of one part of a program or, where
    /// [`Property::SeveralProcesses`] is declared, of one of several programs.
    ///
    /// # Errors
    /// The store could not be opened.
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError>;

    /// Closes the store, opens it again and gives a handle to it. Called only where [`Property::Durable`] is declared.
    ///
    /// # Errors
    /// The store could not be opened.
    async fn reopened(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        Err(FactoryError::from("this store cannot be opened again; implement `FreshStore::reopened`"))
    }

    /// The address at which another process finds the store, for [`Factory::join`]. Called only where
    /// [`Property::SeveralProcesses`] is declared.
    fn address(&self) -> Option<String> {
        None
    }

    /// The number of open readers and subscriptions, over all handles.
    fn open_readers(&self) -> usize;

    /// Puts the store's clock back by `by`, as an administrator does with the clock of a machine. A store whose clock cannot be
    /// set moves the recorded times of all stored events and the ends of all leases ahead by as much instead; both have the
    /// same effect.
    ///
    /// # Errors
    /// The clock could not be put back; the promise that times never go back fails with that error.
    async fn put_clock_back(&self, by: Duration) -> Result<(), FactoryError> {
        let _ = by;
        Err(FactoryError::from("the clock of this store cannot be put back; implement `FreshStore::put_clock_back`"))
    }

    /// Encodes an event; a broken store replaces this to break the promises about encoding.
    #[doc(hidden)]
    fn encode(&self, event: &Sample, metadata: Option<&Metadata>) -> Result<NewEvent, EncodeError> {
        let event = NewEvent::encode(event, drop)?;
        metadata.map_or(Ok(event.clone()), |metadata| event.with_metadata(metadata))
    }

    /// Names a stream; a broken store replaces this to break the promises about names.
    #[doc(hidden)]
    fn stream(&self, category: &str, id: &str) -> Result<StreamId, LimitError> {
        StreamId::new(category, id)
    }
}
