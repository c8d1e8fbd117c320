//! The import: books each row of a ledger by a command and compares each balance with the bank's.

use std::{
    collections::{BTreeMap, HashMap},
    panic,
    sync::Arc,
};

use es::prelude::*;
use tokio::task::JoinSet;

use crate::{
    domain::{Account, AccountId, Book, Money, Refusal},
    ledger::{Ledger, Row},
};

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows that were booked already.
    pub already_booked: u64,
    /// The number of appended events.
    pub events: u64,
    /// The rows after which our balance differs from the bank's.
    pub disagreements: Vec<Disagreement>,
}

/// A row after which our balance is not the bank's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: the balance of account {account} is {ours}, and the ledger says {theirs}")]
pub struct Disagreement {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The account.
    pub account: AccountId,
    /// The balance by the account's events.
    pub ours: Money,
    /// The balance by the ledger.
    pub theirs: Money,
}

/// Why an import ended early. Booked rows stay, and the same import goes on from there.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}")]
#[non_exhaustive]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The reason.
    pub source: RowError,
}

/// Why a row was not booked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The account could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The events could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The row could not be booked.
    #[error(transparent)]
    Execute(#[from] ExecuteError<Account, Refusal>),
    /// The account refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The number of rows in a window: the accounts of a window are booked concurrently, the rows of an account in order. The store
/// batches concurrent appends, and the log is in the order of the days except within a window.
const WINDOW: usize = 1_000;

/// Books every row of `ledger` in `store` and calls `progress` after each. Rows that are booked already are recognised
/// by their transaction's number, so an import can be repeated, and go on after a break.
///
/// # Errors
/// [`ImportError`].
///
/// # Panics
/// Where `progress` does.
pub async fn import(
    ledger: &Ledger,
    store: &Arc<dyn EventStore>,
    progress: impl Fn() + Clone + Send + 'static,
) -> Result<Imported, ImportError> {
    let repository = store.repository::<Account>();
    // Each account is loaded once, so that a row costs one append however long the account's stream is.
    let mut open = HashMap::new();
    let mut imported = Imported::default();
    for window in ledger.rows().chunks(WINDOW) {
        let mut accounts: BTreeMap<AccountId, Desk> = BTreeMap::new();
        for row in window {
            let desk = accounts.entry(row.account).or_insert_with(|| Desk {
                repository: repository.clone(),
                root: open.remove(&row.account),
                rows: Vec::new(),
            });
            desk.rows.push(row.clone());
        }
        // If one fails, the set is dropped, which ends the others.
        let mut desks = JoinSet::new();
        for (id, desk) in accounts {
            desks.spawn(desk.book(id, ledger.file().to_owned(), progress.clone()));
        }
        let mut disagreements = Vec::new();
        while let Some(booked) = desks.join_next().await {
            let (root, booked) = booked.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))?;
            open.insert(*root.id(), root);
            imported.rows += booked.rows;
            imported.already_booked += booked.already_booked;
            imported.events += booked.events;
            disagreements.extend(booked.disagreements);
        }
        disagreements.sort_by_key(|disagreement| disagreement.line);
        imported.disagreements.append(&mut disagreements);
    }
    Ok(imported)
}

/// Where the rows of one account are booked, one after the other.
struct Desk {
    repository: StoreRepository<Account>,
    root: Option<Root<Account>>,
    rows: Vec<Row>,
}

impl Desk {
    async fn book(
        self,
        id: AccountId,
        file: String,
        progress: impl Fn(),
    ) -> Result<(Root<Account>, Imported), ImportError> {
        let Self { repository, root, rows } = self;
        let at = |row: &Row, source| ImportError { file: file.clone(), line: row.line, source };
        let mut root = match root {
            Some(root) => root,
            None => repository.load(&id).await.map_err(|error| at(&rows[0], error.into()))?,
        };
        let mut imported = Imported::default();
        for row in &rows {
            let events = book(&repository, &mut root, row).await.map_err(|error| at(row, error))?;
            imported.rows += 1;
            imported.already_booked += u64::from(events == 0);
            imported.events += events;
            let balance = root.booked.get(&row.transaction.id).map_or(root.balance, |booked| booked.balance);
            if balance != row.balance {
                imported.disagreements.push(Disagreement {
                    file: file.clone(),
                    line: row.line,
                    account: id,
                    ours: balance,
                    theirs: row.balance,
                });
            }
            progress();
        }
        Ok((root, imported))
    }
}

/// Books `row` and returns the number of events: 0 if it was booked before.
async fn book(repository: &StoreRepository<Account>, root: &mut Root<Account>, row: &Row) -> Result<u64, RowError> {
    let command = Book(row.transaction.clone());
    root.handle(command.clone())?;
    let events = match repository.append(root).await {
        Ok(_) => root.take_recorded(),
        // Another writer appended to this account: decide again on fresh state.
        Err(AppendError::Conflict(_)) => {
            let executed = repository.execute(&row.account, command).await?;
            *root = executed.root;
            executed.events
        }
        Err(error) => return Err(error.into()),
    };
    Ok(events.len() as u64)
}
