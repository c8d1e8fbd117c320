//! The order: a state machine, in which each state has its own data.

mod command;
mod event;

pub use command::{AddItem, Cancel, Create, OrderRefusal, Pay, RemoveItem, ReversePayment, Ship};
pub use event::{Cancelled, Created, ItemAdded, ItemRemoved, Paid, PaymentReversed, Shipped};

use std::{collections::BTreeMap, mem};

use es::prelude::*;
use uuid::Uuid;

use crate::customer::CustomerId;

/// The id of an order.
pub type OrderId = Uuid;

/// An item: an article, the number of pieces and the price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The article.
    pub article: String,
    /// The number of pieces.
    pub count: u32,
    /// The price of one piece, in cents.
    pub price: u64,
}

/// The contents of an order and its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The customer.
    pub customer: CustomerId,
    /// The items by article.
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
    /// Paid and not shipped yet.
    Paid {
        /// The items that were paid.
        basket: Basket,
        /// The amount in cents.
        amount: u64,
    },
    /// On its way.
    Shipped,
    /// Cancelled.
    Cancelled,
}

impl Basket {
    /// The total price, in cents.
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
