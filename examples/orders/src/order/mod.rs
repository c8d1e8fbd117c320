//! The order: a state machine, each state with what only that state knows.

mod command;
mod event;

pub use command::{AddItem, Cancel, Create, OrderRefusal, Pay, RemoveItem, ReversePayment, Ship};
pub use event::{Cancelled, Created, ItemAdded, ItemRemoved, Paid, PaymentReversed, Shipped};

use std::{collections::BTreeMap, mem};

use es::prelude::*;
use uuid::Uuid;

use crate::customer::CustomerId;

/// What tells one order from another.
pub type OrderId = Uuid;

/// An article, and how it is ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which article.
    pub article: String,
    /// How many.
    pub count: u32,
    /// What one costs, in cents.
    pub price: u64,
}

/// What is ordered, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// Who.
    pub customer: CustomerId,
    /// What, by article.
    pub items: BTreeMap<String, Item>,
}

/// An order.
#[derive(Aggregate, Default, Clone, Debug, PartialEq, Eq)]
#[aggregate(
    category = "order",
    id = OrderId,
    events(Created, ItemAdded, ItemRemoved, Paid, PaymentReversed, Shipped, Cancelled)
)]
pub enum Order {
    /// Never created.
    #[default]
    Unknown,
    /// Items come and go.
    Open(Basket),
    /// Paid, and waiting to be shipped.
    Paid {
        /// What was paid for.
        basket: Basket,
        /// How much, in cents.
        amount: u64,
    },
    /// On its way.
    Shipped,
    /// Came to nothing.
    Cancelled,
}

impl Basket {
    /// What all of it costs, in cents.
    pub fn total(&self) -> u64 {
        self.items.values().fold(0, |sum, item| sum.saturating_add(item.price.saturating_mul(item.count.into())))
    }
}

#[es::apply]
impl Order {
    fn created(&mut self, event: Created) {
        *self = Self::Open(Basket { customer: event.customer, items: BTreeMap::new() });
    }

    fn item_added(&mut self, event: ItemAdded) {
        if let Self::Open(basket) = self {
            basket.items.insert(event.item.article.clone(), event.item);
        }
    }

    fn item_removed(&mut self, event: ItemRemoved) {
        if let Self::Open(basket) = self {
            basket.items.remove(&event.article);
        }
    }

    fn paid(&mut self, event: Paid) {
        *self = match mem::take(self) {
            Self::Open(basket) => Self::Paid { basket, amount: event.amount },
            other => other,
        };
    }

    fn payment_reversed(&mut self, _: PaymentReversed) {
        *self = match mem::take(self) {
            Self::Paid { basket, .. } => Self::Open(basket),
            other => other,
        };
    }

    fn shipped(&mut self, _: Shipped) {
        *self = Self::Shipped;
    }

    fn cancelled(&mut self, _: Cancelled) {
        *self = Self::Cancelled;
    }
}
