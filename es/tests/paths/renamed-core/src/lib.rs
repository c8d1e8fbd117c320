//! Through `es-core` under another name.

use serde::{Deserialize, Serialize};
use words::{Aggregate, Event, EventSet};

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

#[words::apply]
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
