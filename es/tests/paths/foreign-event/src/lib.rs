//! An aggregate and a set that hold an event of another crate.

use es::{Aggregate, Event, EventSet, IntoEvents, Retired};
use serde::{Deserialize, Serialize};

/// A fact.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.closed")]
pub struct Closed;

/// A fact that is no longer written.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.begun")]
pub struct Begun;

impl Retired<Account> for Begun {
    fn successors(self) -> impl IntoEvents<Account> {
        through_es::Opened { owner: String::from("nobody") }
    }
}

/// A state.
#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(through_es::Opened, Closed), retired(Begun))]
pub struct Account {
    /// Whose it is.
    pub owner: Option<String>,
}

#[es::apply]
impl Account {
    fn opened(&mut self, event: through_es::Opened) {
        self.owner = Some(event.owner);
    }
    fn closed(&mut self, _: Closed) {
        self.owner = None;
    }
}

/// What a projection reads.
#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Account))]
pub enum Feed {
    /// A foreign fact.
    Opened(through_es::Opened),
    /// One of ours.
    Closed(Closed),
}
