//! What can be wrong with a ledger, and where.

use std::io;

use crate::domain::TransactionId;

/// Why a ledger could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file cannot be opened or read.
    #[error("{file}: cannot be read")]
    Unreadable {
        /// The file.
        file: String,
        /// The reason.
        source: io::Error,
    },
    /// A line is not what a ledger holds.
    #[error("{file}:{line}")]
    Malformed {
        /// The file.
        file: String,
        /// The line in it, from 1.
        line: u64,
        /// What is wrong there.
        source: Mistake,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The file has no line at all.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// The header lacks a column.
    #[error("the header has no column `{0}`")]
    ColumnMissing(&'static str),
    /// The header names a column twice.
    #[error("the header names the column `{0}` twice")]
    ColumnTwice(&'static str),
    /// The row does not have as many fields as the header.
    #[error("{found} field(s), and the header has {expected}")]
    Fields {
        /// How many the header has.
        expected: usize,
        /// How many the row has.
        found: usize,
    },
    /// A quoted field never ends.
    #[error("a quoted field is never closed")]
    Unclosed,
    /// A field is not UTF-8.
    #[error("`{0}` is not UTF-8")]
    NotUtf8(&'static str),
    /// A field does not hold what its column does.
    #[error("`{column}` is `{found}`; expected {expected}")]
    Field {
        /// The column.
        column: &'static str,
        /// What is there, on one line and cut short.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The operation moves money the other way than the row's kind.
    #[error("`operation` is `{operation}`, which is no {kind}")]
    Contradiction {
        /// The operation.
        operation: String,
        /// The kind.
        kind: &'static str,
    },
    /// A transaction is in the file already, with other content.
    #[error("transaction {transaction} is on line {first} already, with other content")]
    TransactionTwice {
        /// The transaction.
        transaction: TransactionId,
        /// The line where it is first.
        first: u64,
    },
}
