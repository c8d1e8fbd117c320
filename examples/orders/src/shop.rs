//! The shop: commands on orders and customers, and one command that needs both.

use std::sync::Arc;

use es::prelude::*;

use crate::{
    customer::{Customer, CustomerId},
    order::{Create, Order, OrderId, OrderRefusal},
};

/// How often [`Shop::create`] decides again after a conflict.
const RETRIES: usize = 8;

/// Orders and customers in one store.
#[derive(Clone, Debug)]
pub struct Shop {
    store: Arc<dyn EventStore>,
    /// The orders.
    pub orders: StoreRepository<Order>,
    /// The customers.
    pub customers: StoreRepository<Customer>,
}

/// Why no order was created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The order refuses.
    #[error(transparent)]
    Refused(#[from] OrderRefusal),
    /// The order or the customer could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The event could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Shop {
    /// A shop whose events are in `store`.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        Self { orders: store.repository(), customers: store.repository(), store }
    }

    /// Creates an order if the customer is active. The append asserts that the customer has not changed since it was loaded.
    ///
    /// # Errors
    /// [`CreateError`].
    pub async fn create(&self, order: OrderId, customer: CustomerId) -> Result<Root<Order>, CreateError> {
        let mut attempts = 0;
        loop {
            let standing = self.customers.load(&customer).await?;
            let mut root = self.orders.load(&order).await?;
            root.handle(Create { customer, standing: *standing })?;
            attempts += 1;
            match self.store.batch().change(&mut root).unchanged(&standing).append().await {
                Ok(_) => return Ok(root),
                Err(AppendError::Conflict(_)) if attempts <= RETRIES => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
