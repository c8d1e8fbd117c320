//! Through `es-core` alone, as a storage crate does.

use es_core::{Aggregate, Event, EventSet};
use serde::{Deserialize, Serialize};

/// A fact.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
pub struct Opened {
    /// Whose it is.
    #[event(added(in = 2, default = String::from("nobody")))]
    pub owner: String,
}

/// A state.
#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Opened))]
pub struct Account {
    /// Whose it is.
    pub owner: String,
}

#[es_core::apply]
impl Account {
    fn opened(&mut self, event: Opened) {
        self.owner = event.owner;
    }
}

/// What a projection reads.
#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Account))]
pub enum Feed {
    /// A fact.
    Opened(Opened),
}
