//! The statement: one account, now or at an earlier time, with its history.

use std::sync::Arc;

use es::{LimitError, prelude::*};
use jiff::civil::Date;

use crate::domain::{Account, AccountEvent, AccountId, Entry, Money};

/// The point up to which an account is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Every stored event.
    Now,
    /// The end of that day, by the days of the books and not by the store's clock.
    Day(Date),
    /// That version.
    Version(Version),
}

/// An account and its history.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The account.
    pub account: Account,
    /// Its version.
    pub version: Version,
    /// One line an event.
    pub lines: Vec<Line>,
}

/// A line of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The version of the event.
    pub version: Version,
    /// The entry.
    pub entry: Entry,
    /// The balance after it.
    pub balance: Money,
}

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// There is no such account.
    #[error("there is no account {0}")]
    Unknown(AccountId),
    /// It did not exist yet on that day.
    #[error("account {account} did not exist on {day}")]
    TooEarly {
        /// The account.
        account: AccountId,
        /// The day.
        day: Date,
    },
    /// It never had that version.
    #[error("account {account} has no version {asked}; it goes from 1 to {last}")]
    NoVersion {
        /// The account.
        account: AccountId,
        /// The version.
        asked: Version,
        /// Its last one.
        last: Version,
    },
    /// The number does not name a stream.
    #[error(transparent)]
    Id(#[from] LimitError),
    /// The stream could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Statement {
    /// Reads the account `id` from `store`, up to `until`.
    ///
    /// # Errors
    /// [`StatementError`].
    pub async fn read(store: &Arc<dyn EventStore>, id: AccountId, until: Until) -> Result<Self, StatementError> {
        let stream = StreamId::new(Account::CATEGORY, id.to_string())?;
        let mut events = store.stream(&stream).read();
        let mut statement = Self { account: Account::initial(), version: Version::NONE, lines: Vec::new() };
        let (mut last, mut counts) = (Version::NONE, until == Until::Now);
        while let Some(stored) = events.try_next().await? {
            last = stored.version;
            if let Until::Version(version) = until {
                counts = last <= version;
            }
            stored.decode_each(|event: AccountEvent| {
                let entry = Entry::from(&event);
                if let Until::Day(day) = until {
                    // Rows need not be in the order of their days.
                    counts = entry.on <= day;
                }
                if counts {
                    statement.account.apply_event(event);
                    statement.lines.push(Line { version: last, entry, balance: statement.account.balance });
                }
            })?;
            // An event without successors has no day, and belongs to the one before it.
            if counts {
                statement.version = stored.version;
            }
        }
        match until {
            _ if last == Version::NONE => Err(StatementError::Unknown(id)),
            Until::Day(day) if statement.lines.is_empty() => Err(StatementError::TooEarly { account: id, day }),
            Until::Version(asked) if asked == Version::NONE || asked > last => {
                Err(StatementError::NoVersion { account: id, asked, last })
            }
            _ => Ok(statement),
        }
    }
}
