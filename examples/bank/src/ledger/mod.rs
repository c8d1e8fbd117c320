//! The ledger: a CSV file of transactions, each with the balance the bank saw after it.

mod error;
mod read;
mod row;

pub use error::{LedgerError, Mistake};
pub use row::Row;

use std::{fs, path::Path};

/// The name of the small ledger that comes with the program.
pub const SMALL: &str = "small.csv";

/// A ledger: all of its rows, in the order of the file.
#[derive(Clone, Debug)]
pub struct Ledger {
    file: String,
    rows: Vec<Row>,
}

impl Ledger {
    /// Reads `file` whole, so that nothing of a malformed one is recorded.
    ///
    /// # Errors
    /// [`LedgerError`], which says where.
    pub fn open(file: &Path) -> Result<Self, LedgerError> {
        let name = file.display().to_string();
        match fs::read(file) {
            Ok(bytes) => Self::parse(&name, &bytes),
            Err(source) => Err(LedgerError::Unreadable { file: name, source }),
        }
    }

    /// The small ledger that comes with the program.
    ///
    /// # Errors
    /// None in practice: it is part of the program, and tested.
    pub fn small() -> Result<Self, LedgerError> {
        Self::parse(SMALL, include_bytes!("small.csv"))
    }

    /// Reads the ledger in `bytes`; errors call it `file`.
    ///
    /// # Errors
    /// [`LedgerError`], which says where.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, LedgerError> {
        let rows = read::rows(bytes).map_err(|(line, source)| LedgerError::Malformed {
            file: file.to_owned(),
            line,
            source,
        })?;
        Ok(Self { file: file.to_owned(), rows })
    }

    /// What errors call it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}
