//! Read models in the three forms.

use std::collections::BTreeMap;

use es::{Recorded, prelude::*};

use super::domain::{Account, Deposited, Opened, Order, Placed, Shipped};

/// A view over one aggregate, of which it handles every event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Balances {
    pub(crate) owners: BTreeMap<String, String>,
    pub(crate) of: BTreeMap<String, u64>,
}

#[es::project(name = "balances", every(Account))]
impl Balances {
    fn opened(&mut self, event: Recorded<Opened>) {
        self.owners.insert(event.stream.id().to_owned(), event.event.owner);
    }

    fn deposited(&mut self, event: &Recorded<Deposited>) -> Result<(), String> {
        let balance = self.of.entry(event.stream.id().to_owned()).or_default();
        *balance = balance.checked_add(event.event.amount).ok_or("the balance is too large")?;
        Ok(())
    }
}

/// A view over two aggregates, which ignores an event of one, and takes one of the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) deposited: u64,
    pub(crate) placed: u64,
    pub(crate) order: Vec<u64>,
}

#[es::project(name = "sums", every(Order), of(Account), ignores(Shipped))]
impl Sums {
    fn deposited(&mut self, Deposited { amount }: Deposited) {
        self.deposited += amount;
        self.order.push(amount);
    }

    fn placed(&mut self, event: &Placed) {
        self.placed += event.total;
        self.order.push(event.total);
    }
}

/// Rows by the id of the stream, and by a key of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) paid_in: u64,
    pub(crate) ordered: u64,
    pub(crate) first_order: Option<u64>,
}

#[es::project(name = "customers", version = 3, key = String, of(Order, Account), order = global)]
impl Customer {
    fn deposited(&mut self, event: &Deposited) {
        self.paid_in += event.amount;
    }

    #[key(|event| event.event.customer.clone())]
    fn placed(&mut self, event: Recorded<&Placed>) -> Result<(), std::num::ParseIntError> {
        self.ordered += event.event.total;
        let order = event.stream.id().parse()?;
        self.first_order.get_or_insert(order);
        Ok(())
    }
}

/// Rows with numbers as keys: none, one or several for an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) count: u64,
}

#[es::project(name = "amounts", key = u64, of(Order, Account), event = Counted)]
impl Amount {
    #[key(|event| (event.amount > 5).then_some(event.amount))]
    fn deposited(&mut self, _: Deposited) {
        self.count += 1;
    }

    #[key(|event| [event.event.total, event.event.total, 100])]
    fn placed(&mut self, _: &Recorded<Placed>) {
        self.count += 1;
    }

    fn shipped(&mut self, _: Recorded<Shipped>) {
        self.count += 1;
    }
}
