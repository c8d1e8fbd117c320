//! Through another crate, which no macro can find by itself.

use framework::es::{Aggregate, Event, EventSet};
use serde::{Deserialize, Serialize};

/// A fact.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2, crate = framework::es)]
pub struct Opened {
    /// Whose it is.
    #[event(added(in = 2, default = String::from("nobody")))]
    pub owner: String,
}

/// A state.
#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Opened), crate = framework::es)]
pub struct Account {
    /// Whose it is.
    pub owner: String,
}

#[framework::es::apply(crate = framework::es)]
impl Account {
    fn opened(&mut self, event: Opened) {
        self.owner = event.owner;
    }
}

/// What a projection reads.
#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Account), crate = framework::es)]
pub enum Feed {
    /// A fact.
    Opened(Opened),
}
