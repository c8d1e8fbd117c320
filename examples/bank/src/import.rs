//! The import: each row of a ledger a command, each balance compared with the bank's.

use std::{collections::HashMap, sync::Arc};

use es::{AppendError, EventStore, LoadError, StoreRepository, prelude::*};

use crate::{
    domain::{Account, AccountId, Book, Money, Refusal},
    ledger::{Ledger, Row},
};

/// What came of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many rows there were.
    pub rows: u64,
    /// How many of them were booked already.
    pub already_booked: u64,
    /// How many events were appended.
    pub events: u64,
    /// Where our balance is not the bank's.
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
    /// What the account's events add up to.
    pub ours: Money,
    /// The answer key.
    pub theirs: Money,
}

/// Why an import ended early. What was booked until then stays, and the same import goes on from there.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}")]
#[non_exhaustive]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// Why.
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
    Execute(#[from] ExecuteError<Refusal>),
    /// The account refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Books every row of `ledger` in `store`, in order, and calls `progress` after each. Rows that are booked already are
/// recognised by their transaction's number, so an import can be repeated, and go on after a break.
///
/// # Errors
/// [`ImportError`].
pub async fn import(
    ledger: &Ledger,
    store: &Arc<dyn EventStore>,
    mut progress: impl FnMut(),
) -> Result<Imported, ImportError> {
    let mut accounts = Accounts { repository: store.repository::<Account>(), open: HashMap::new() };
    let mut imported = Imported::default();
    for row in ledger.rows() {
        let at = |source| ImportError { file: ledger.file().to_owned(), line: row.line, source };
        let booked = accounts.book(row).await.map_err(at)?;
        imported.rows += 1;
        imported.already_booked += u64::from(booked.events == 0);
        imported.events += booked.events;
        if booked.balance != row.balance {
            imported.disagreements.push(Disagreement {
                file: ledger.file().to_owned(),
                line: row.line,
                account: row.account,
                ours: booked.balance,
                theirs: row.balance,
            });
        }
        progress();
    }
    Ok(imported)
}

/// The accounts of an import, each loaded once: a row then costs one append, however long its account's stream is.
struct Accounts {
    repository: StoreRepository<Account>,
    open: HashMap<AccountId, Root<Account>>,
}

/// What booking a row came to.
struct BookedRow {
    /// How many events it took; none when it was booked before.
    events: u64,
    /// The account's balance right after it.
    balance: Money,
}

impl Accounts {
    async fn book(&mut self, row: &Row) -> Result<BookedRow, RowError> {
        let id = row.account;
        let command = Book(row.transaction.clone());
        let mut root = match self.open.remove(&id) {
            Some(root) => root,
            None => self.repository.load(&id).await?,
        };
        root.handle(command.clone())?;
        let events = match self.repository.append(&mut root).await {
            Ok(_) => root.take_recorded().len(),
            // somebody else writes to this account too: decide again on what is there now
            Err(AppendError::Conflict(_)) => {
                let executed = self.repository.execute(&id, command).await?;
                root = executed.root;
                executed.events.len()
            }
            Err(error) => return Err(error.into()),
        };
        let balance = root.booked.get(&row.transaction.id).map_or(root.balance, |booked| booked.balance);
        self.open.insert(id, root);
        Ok(BookedRow { events: events as u64, balance })
    }
}
