//! The commands of an order, and its decisions.

use es::prelude::*;

use super::{Basket, Cancelled, Created, Item, ItemAdded, ItemRemoved, Order, Paid, PaymentReversed, Shipped};
use crate::customer::{Customer, CustomerId};

/// Begins an order. Another aggregate knows whether the customer may order: see
/// [`Shop::create`](crate::shop::Shop::create).
#[derive(Clone, Copy, Debug)]
pub struct Create {
    /// The customer.
    pub customer: CustomerId,
    /// The state of the customer.
    pub standing: Customer,
}

/// Puts an item into the order; the same article again replaces the first.
#[derive(Clone, Debug)]
pub struct AddItem(pub Item);

/// Takes an article out of the order.
#[derive(Clone, Debug)]
pub struct RemoveItem(pub String);

/// Pays the order.
#[derive(Clone, Copy, Debug)]
pub struct Pay {
    /// The amount in cents.
    pub amount: u64,
}

/// Takes the payment back.
#[derive(Clone, Debug)]
pub struct ReversePayment {
    /// The reason.
    pub reason: String,
}

/// Ships the order.
#[derive(Clone, Debug)]
pub struct Ship {
    /// The tracking number.
    pub tracking: String,
}

/// Cancels the order; a paid order is refunded first.
#[derive(Clone, Debug)]
pub struct Cancel {
    /// The reason.
    pub reason: String,
}

/// Why an order refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderRefusal {
    /// An order with this id exists already.
    #[error("the order exists already")]
    AlreadyCreated,
    /// The customer may not order.
    #[error("the customer is not active")]
    InactiveCustomer,
    /// The order has no items.
    #[error("the order is empty")]
    Empty,
    /// The item has no pieces.
    #[error("`{0}` is ordered none times")]
    NoneOf(String),
    /// The article is not in the order.
    #[error("`{0}` is not in the order")]
    NotOrdered(String),
    /// The payment is too small or too large.
    #[error("the order costs {total}, and {amount} was paid")]
    WrongAmount {
        /// The total price, in cents.
        total: u64,
        /// The amount that was paid, in cents.
        amount: u64,
    },
    /// The state of the order does not allow the command.
    #[error("the order is not {0}")]
    Not(&'static str),
}

impl Order {
    fn open(&self) -> Result<&Basket, OrderRefusal> {
        if let Self::Open(basket) = self { Ok(basket) } else { Err(OrderRefusal::Not("open")) }
    }

    fn paid_amount(&self) -> Result<u64, OrderRefusal> {
        if let Self::Paid { amount, .. } = self { Ok(*amount) } else { Err(OrderRefusal::Not("paid")) }
    }
}

impl Handle<Create> for Order {
    type Error = OrderRefusal;

    fn handle(&self, command: Create) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        match (self, command.standing) {
            (Self::Unknown, Customer::Active) => Ok(Created { customer: command.customer }),
            (Self::Unknown, _) => Err(OrderRefusal::InactiveCustomer),
            _ => Err(OrderRefusal::AlreadyCreated),
        }
    }
}

impl Handle<AddItem> for Order {
    type Error = OrderRefusal;

    fn handle(&self, AddItem(item): AddItem) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        self.open()?;
        if item.count == 0 {
            return Err(OrderRefusal::NoneOf(item.article));
        }
        Ok(ItemAdded { item })
    }
}

impl Handle<RemoveItem> for Order {
    type Error = OrderRefusal;

    fn handle(&self, RemoveItem(article): RemoveItem) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        if !self.open()?.items.contains_key(&article) {
            return Err(OrderRefusal::NotOrdered(article));
        }
        Ok(ItemRemoved { article })
    }
}

impl Handle<Pay> for Order {
    type Error = OrderRefusal;

    fn handle(&self, Pay { amount }: Pay) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        let basket = self.open()?;
        let total = basket.total();
        if basket.items.is_empty() {
            Err(OrderRefusal::Empty)
        } else if amount == total {
            Ok(Paid { amount })
        } else {
            Err(OrderRefusal::WrongAmount { total, amount })
        }
    }
}

impl Handle<ReversePayment> for Order {
    type Error = OrderRefusal;

    fn handle(&self, ReversePayment { reason }: ReversePayment) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        Ok(PaymentReversed { amount: self.paid_amount()?, reason })
    }
}

impl Handle<Ship> for Order {
    type Error = OrderRefusal;

    fn handle(&self, Ship { tracking }: Ship) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        self.paid_amount()?;
        Ok(Shipped { tracking })
    }
}

impl Handle<Cancel> for Order {
    type Error = OrderRefusal;

    fn handle(&self, Cancel { reason }: Cancel) -> Result<impl IntoEvents<Self>, OrderRefusal> {
        match self {
            Self::Open(_) => Ok((None, Cancelled { reason })),
            Self::Paid { amount, .. } => {
                Ok((Some(PaymentReversed { amount: *amount, reason: reason.clone() }), Cancelled { reason }))
            }
            Self::Unknown | Self::Shipped | Self::Cancelled => Err(OrderRefusal::Not("open or paid")),
        }
    }
}
