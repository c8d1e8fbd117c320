//! Code in which nothing is in scope but what it names.

#![no_implicit_prelude]
#![deny(warnings)]

use ::es::{Aggregate, Event, EventSet, apply};
use ::serde::{Deserialize, Serialize};

#[derive(Event, ::std::clone::Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(added(in = 2, default = 1))]
    limit: u64,
}

#[derive(Aggregate, ::std::default::Default)]
#[aggregate(category = "account", id = u64, events(Opened))]
struct Account {
    limit: u64,
}

#[apply]
impl Account {
    fn opened(&mut self, event: Opened) {
        self.limit = event.limit;
    }
}

#[derive(EventSet)]
#[event_set(of(Account))]
#[allow(dead_code)]
enum Feed {
    Opened(Opened),
}

fn main() {
    let mut account = Account::initial();
    account.apply_event(AccountEvent::Opened(Opened { limit: 3 }));
    ::std::assert_eq!(account.limit, 3);
    ::std::assert_eq!(Feed::NAMES, ["account.opened"]);
}
