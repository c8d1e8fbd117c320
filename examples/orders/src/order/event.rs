//! The events of an order.

use es::prelude::*;

use super::Item;
use crate::customer::CustomerId;

/// A customer began an order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.created")]
pub struct Created {
    /// Who.
    pub customer: CustomerId,
}

/// An item was put into the order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.item_added")]
pub struct ItemAdded {
    /// What.
    pub item: Item,
}

/// An item was taken out of the order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.item_removed")]
pub struct ItemRemoved {
    /// Which article.
    pub article: String,
}

/// The order was paid.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.paid")]
pub struct Paid {
    /// How much, in cents.
    pub amount: u64,
}

/// The payment was taken back: the event before it stays, this one makes up for it.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.payment_reversed")]
pub struct PaymentReversed {
    /// How much, in cents.
    pub amount: u64,
    /// Why.
    pub reason: String,
}

/// The order left the house.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.shipped")]
pub struct Shipped {
    /// Where it can be followed.
    pub tracking: String,
}

/// The order came to nothing.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.cancelled")]
pub struct Cancelled {
    /// Why.
    pub reason: String,
}
