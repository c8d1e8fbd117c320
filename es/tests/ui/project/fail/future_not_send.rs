//! An `async` method whose future stays on its thread.

use std::rc::Rc;

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

#[es::project(name = "sums", of(Account))]
impl Sums {
    async fn deposited(&self, event: Deposited, target: &mut Vec<u64>) {
        let amount = Rc::new(event.amount);
        std::future::ready(()).await;
        target.push(*amount);
    }
}

fn main() {}
