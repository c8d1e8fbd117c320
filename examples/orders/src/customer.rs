//! The customer: unknown, active or closed.

use es::prelude::*;
use uuid::Uuid;

/// The id of a customer.
pub type CustomerId = Uuid;

/// A customer was registered.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "customer.registered")]
pub struct Registered {
    /// The name of the customer.
    pub name: String,
}

/// A customer may no longer order.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "customer.deactivated")]
pub struct Deactivated {
    /// The reason.
    pub reason: String,
}

/// A customer of the shop.
#[derive(Aggregate, Default, Clone, Copy, Debug, PartialEq, Eq)]
#[aggregate(category = "customer", id = CustomerId, events(Registered, Deactivated))]
pub enum Customer {
    /// Never registered.
    #[default]
    Unknown,
    /// May order.
    Active,
    /// May not order.
    Inactive,
}

/// Registers a customer.
#[derive(Clone, Debug)]
pub struct Register {
    /// The name of the customer.
    pub name: String,
}

/// Ends a customer's orders.
#[derive(Clone, Debug)]
pub struct Deactivate {
    /// The reason.
    pub reason: String,
}

/// Why a customer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CustomerRefusal {
    /// The customer is registered already.
    #[error("the customer is registered already")]
    AlreadyRegistered,
    /// The customer was never registered.
    #[error("the customer was never registered")]
    Unknown,
}

#[es::apply]
impl Customer {
    fn registered(&mut self, _: Registered) {
        *self = Self::Active;
    }

    fn deactivated(&mut self, _: Deactivated) {
        *self = Self::Inactive;
    }
}

impl Handle<Register> for Customer {
    type Error = CustomerRefusal;

    fn handle(&self, Register { name }: Register) -> Result<impl IntoEvents<Self>, CustomerRefusal> {
        match self {
            Self::Unknown => Ok(Registered { name }),
            Self::Active | Self::Inactive => Err(CustomerRefusal::AlreadyRegistered),
        }
    }
}

impl Handle<Deactivate> for Customer {
    type Error = CustomerRefusal;

    fn handle(&self, Deactivate { reason }: Deactivate) -> Result<impl IntoEvents<Self>, CustomerRefusal> {
        match self {
            Self::Unknown => Err(CustomerRefusal::Unknown),
            Self::Active => Ok(Some(Deactivated { reason })),
            Self::Inactive => Ok(None),
        }
    }
}
