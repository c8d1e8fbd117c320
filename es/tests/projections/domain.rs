//! A shop with two aggregates, and what its previous release stored.

use std::{error::Error, sync::Arc};

use es::{Checkpoint, prelude::*};

macro_rules! events {
    ($($name:literal $event:ident { $($field:ident: $ty:ty),* })+) => {$(
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event(name = $name)]
        pub(crate) struct $event {
            $(pub(crate) $field: $ty,)*
        }
    )+};
}

events! {
    "account.opened" Opened { owner: String }
    "account.deposited" Deposited { amount: u64 }
    "account.opened_with_deposit" OpenedWithDeposit { owner: String, amount: u64 }
    "account.greeted" Greeted {}
    "order.placed" Placed { customer: String, total: u64 }
    "order.shipped" Shipped {}
}

#[derive(Aggregate, Debug, Default)]
#[aggregate(category = "account", id = String, events(Opened, Deposited), retired(OpenedWithDeposit, Greeted))]
pub(crate) struct Account;

impl<E> Apply<E> for Account {
    fn apply(&mut self, _: E) {}
}

impl Retired<Account> for OpenedWithDeposit {
    fn successors(self) -> impl IntoEvents<Account> {
        (Opened { owner: self.owner }, Deposited { amount: self.amount })
    }
}

impl Retired<Account> for Greeted {
    fn successors(self) -> impl IntoEvents<Account> {}
}

#[derive(Aggregate, Default)]
#[aggregate(category = "order", id = u64, events(Placed, Shipped))]
pub(crate) struct Order;

impl<E> Apply<E> for Order {
    fn apply(&mut self, _: E) {}
}

/// The previous release, which wrote the events that are retired now.
pub(crate) mod before {
    use es::prelude::*;

    use super::{Greeted, OpenedWithDeposit};

    #[derive(Aggregate, Default)]
    #[aggregate(category = "account", id = String, events(OpenedWithDeposit, Greeted))]
    pub(crate) struct Account;

    impl<E> Apply<E> for Account {
        fn apply(&mut self, _: E) {}
    }
}

/// A later release, of whose events this one knows nothing.
pub(crate) mod after {
    use es::prelude::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.deposited", version = 2)]
    pub(crate) struct Deposited {
        pub(crate) amount: u64,
        #[event(added(in = 2, default = String::new()))]
        pub(crate) note: String,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(category = "account", id = String, events(Deposited))]
    pub(crate) struct Account;

    impl<E> Apply<E> for Account {
        fn apply(&mut self, _: E) {}
    }
}

/// Appends a deposit, and gives its checkpoint.
pub(crate) async fn deposit(
    store: &Arc<dyn EventStore>,
    account: &str,
    amount: u64,
) -> Result<Checkpoint, Box<dyn Error>> {
    let executed = store.repository::<Account>().update(&account.to_owned(), |_| Deposited { amount }).await?;
    Ok(executed.checkpoint.ok_or("an append has a checkpoint")?)
}

/// A log with events of both aggregates, and with retired ones.
pub(crate) async fn fill(store: &Arc<dyn EventStore>) -> Result<(), Box<dyn Error>> {
    let (accounts, orders) = (store.repository::<Account>(), store.repository::<Order>());
    let old = store.repository::<before::Account>();
    accounts.update(&"ada".into(), |_| (Opened { owner: "Ada".into() }, Deposited { amount: 5 })).await?;
    old.update(&"eve".into(), |_| (OpenedWithDeposit { owner: "Eve".into(), amount: 7 }, Greeted {})).await?;
    orders.update(&1, |_| (Placed { customer: "ada".into(), total: 3 }, Shipped {})).await?;
    orders.update(&2, |_| Placed { customer: "eve".into(), total: 4 }).await?;
    deposit(store, "ada", 10).await?;
    Ok(())
}
