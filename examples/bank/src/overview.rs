//! The overview: every account of the store, folded from the whole log in one pass.

use std::{collections::BTreeMap, sync::Arc};

use es::prelude::*;
use jiff::civil::Date;

use crate::domain::{Account, AccountEvent, AccountId, Entry};

/// Every account of a store.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The accounts by their numbers, each with its version.
    pub accounts: BTreeMap<AccountId, (Account, Version)>,
    /// How many events are stored.
    pub events: u64,
    /// The first and the last day of the books.
    pub days: Option<(Date, Date)>,
}

/// Why there is no overview.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverviewError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A stream of the accounts' category has an id that is no account number.
    #[error("stream `account/{0}` is no account; its id is not a number")]
    ForeignStream(String),
}

impl Overview {
    /// Reads the accounts of `store`.
    ///
    /// # Errors
    /// [`OverviewError`].
    pub async fn read(store: &Arc<dyn EventStore>) -> Result<Self, OverviewError> {
        let mut overview = Self::default();
        let mut stored = store.stored_events().category(Account::CATEGORY).read();
        while let Some(stored) = stored.try_next().await? {
            overview.events += 1;
            let id = stored.stream.id();
            let id: AccountId = id.parse().map_err(|_| OverviewError::ForeignStream(id.to_owned()))?;
            let (account, version) = overview.accounts.entry(id).or_insert_with(|| (Account::initial(), Version::NONE));
            *version = stored.version;
            let days = &mut overview.days;
            stored.decode_each(|event: AccountEvent| {
                let on = Entry::from(&event).on;
                *days = Some(days.map_or((on, on), |(first, last)| (first.min(on), last.max(on))));
                account.apply_event(event);
            })?;
        }
        Ok(overview)
    }

    /// How many transactions of the bank are booked.
    pub fn booked(&self) -> u64 {
        self.accounts.values().map(|(account, _)| account.booked.len() as u64).sum()
    }

    /// The sum of all balances, in minor units.
    pub fn balances(&self) -> i128 {
        self.accounts.values().map(|(account, _)| i128::from(account.balance.minor())).sum()
    }
}
