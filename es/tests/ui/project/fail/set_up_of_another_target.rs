//! A set-up of another target than that of the events.

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
    async fn set_up(&self, _: &mut String) {}

    async fn deposited(&self, event: Deposited, target: &mut Vec<u64>) {
        target.push(event.amount);
    }
}

fn main() {}
