//! A command that is not awaited.

#![deny(unused_must_use)]

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

async fn open(accounts: &dyn Repository<Account>, id: &String) {
    accounts.update(id, |_| Opened {});
    accounts.load(id);
    accounts.with_metadata(Metadata::new()).update(id, |_| Opened {});
}

fn main() {}
