//! Mistakes in the arguments and in a method, all reported, also where the view is used.

use es::prelude::*;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

#[derive(Default)]
struct Sums {
    sum: u64,
}

#[es::project(version = 0, of(Account))]
impl Sums {
    async fn deposited(&mut self, event: &Deposited) {
        self.sum += event.amount;
    }

    fn opened(self, _: &Opened) {}
}

async fn used(store: std::sync::Arc<dyn EventStore>) -> Result<u64, es::FoldError> {
    Ok(store.projections().fold::<Sums>(es::AsOf::Newest).await?.sum)
}

fn main() {}
