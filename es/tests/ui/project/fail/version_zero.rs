//! Version 0.

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

struct Sums;

#[es::project(name = "sums", version = 0, of(Account))]
impl Sums {
    async fn deposited(&self, event: Deposited, target: &mut Vec<u64>) {
        target.push(event.amount);
    }
}

fn main() {}
