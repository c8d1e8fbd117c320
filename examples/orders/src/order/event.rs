//! The events of an order.

use es::prelude::*;

use super::Item;
use crate::customer::CustomerId;

/// A customer began an order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.created")]
pub struct Created {
    /// The customer.
    pub customer: CustomerId,
}

/// An item was put into the order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.item_added")]
pub struct ItemAdded {
    /// The item.
    pub item: Item,
}

/// An item was taken out of the order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.item_removed")]
pub struct ItemRemoved {
    /// The article.
    pub article: String,
}

/// The order was paid.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.paid")]
pub struct Paid {
    /// The amount in cents.
    pub amount: u64,
}

/// The payment was reversed: the earlier event stays, and this one compensates it.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.payment_reversed")]
pub struct PaymentReversed {
    /// The amount in cents.
    pub amount: u64,
    /// The reason.
    pub reason: String,
}

/// The order was shipped.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.shipped")]
pub struct Shipped {
    /// The tracking number.
    pub tracking: String,
}

/// The order was cancelled.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "order.cancelled")]
pub struct Cancelled {
    /// The reason.
    pub reason: String,
}
