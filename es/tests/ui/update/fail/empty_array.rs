//! The closure of `update` gives no event, by an array of an unknown type.

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
    let _ = accounts.update(id, |_| []).await;
}

fn main() {}
