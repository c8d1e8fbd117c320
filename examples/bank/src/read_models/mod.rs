//! The read models: what the commands `turnover`, `top` and `partners` answer from.
//!
//! # Layout
//! [`Turnover`], [`Balance`] and [`Partners`] are rows by key, each with one method for each event that changes it.
//! [`ReadModels`] answers questions about them, and alone knows where their rows come from.

mod balance;
mod days;
mod partners;
mod turnover;

pub use balance::Balance;
pub use days::{Days, DaysError};
pub use partners::Partners;
pub use turnover::Turnover;

use std::{cmp::Reverse, sync::Arc};

use es::{AsOf, FoldError, Projections, Row, Rows, prelude::*};
use jiff::civil::Date;

use crate::domain::AccountId;

/// The read models of a store. Each answer has every event that is stored when it is asked for.
#[derive(Clone, Debug)]
pub struct ReadModels {
    projections: Projections<Arc<dyn EventStore>>,
}

impl ReadModels {
    /// The read models of `store`.
    pub fn new(store: &Arc<dyn EventStore>) -> Self {
        Self { projections: store.projections() }
    }

    /// The turnover of each of `days` on which something was booked, in their order.
    ///
    /// # Errors
    /// [`FoldError`].
    pub async fn turnover(&self, days: Days) -> Result<Vec<(Date, Turnover)>, FoldError> {
        let rows = self.rows::<Turnover>().await?;
        Ok(rows.into_iter().filter(|(day, _)| days.contains(*day)).collect())
    }

    /// The `count` accounts with the highest balances, the highest first; equal ones by their numbers.
    ///
    /// # Errors
    /// [`FoldError`].
    pub async fn top(&self, count: usize) -> Result<Vec<(AccountId, Balance)>, FoldError> {
        let mut rows: Vec<_> = self.rows::<Balance>().await?.into_iter().collect();
        rows.sort_by_key(|(account, row)| (Reverse(row.balance), *account));
        rows.truncate(count);
        Ok(rows)
    }

    /// The partners of `account`; `None` if there is no such account.
    ///
    /// # Errors
    /// [`FoldError`].
    pub async fn partners(&self, account: AccountId) -> Result<Option<Partners>, FoldError> {
        Ok(self.rows::<Partners>().await?.get(&account).cloned())
    }

    /// All rows of a read model, folded from the log.
    async fn rows<R: Row>(&self) -> Result<Rows<R>, FoldError> {
        self.projections.fold(AsOf::Newest).await
    }
}
