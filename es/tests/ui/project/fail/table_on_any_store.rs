//! A projection that writes to a target, followed on a store of any kind.

use es::prelude::*;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited))]
struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

struct Sums;

#[es::project(name = "sums", every(Account))]
impl Sums {
    async fn deposited(&self, event: Deposited, target: &mut Vec<u64>) {
        target.push(event.amount);
    }
}

fn follow(store: std::sync::Arc<dyn EventStore>) {
    let projections = store.projections().follow(Sums);
}

fn main() {}
