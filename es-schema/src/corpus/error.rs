//! The errors of a check of a corpus.

use std::{fmt, io, path::PathBuf};

use es_core::{DecodeError, EncodeError};

use crate::LockError;

/// Everything that is wrong with a corpus.
#[derive(Debug)]
#[non_exhaustive]
pub struct CorpusError {
    /// The findings, by path.
    pub findings: Vec<Finding>,
}

/// A file or a folder of a corpus, and what is wrong with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finding {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub cause: Cause,
}

/// What is wrong with a file or a folder of a corpus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A schema version without a payload.
    #[error("no payload of this schema version is kept; put one here that was stored, as `<anything>.json`")]
    NoPayload,
    /// A folder that belongs to no event.
    #[error("no event of these aggregates is stored under this name")]
    UnknownName,
    /// A folder that is not a schema version.
    #[error("the event has no such schema version under this name; its newest is {newest}")]
    UnknownVersion {
        /// The newest.
        newest: u32,
    },
    /// A file that is not a payload.
    #[error("it is neither a payload, `<name>.json`, nor the recorded value of one, `<name>.now.json`")]
    Stray,
    /// The recorded value of a payload that is missing.
    #[error("there is no payload beside it")]
    Orphan,
    /// A payload that can no longer be read.
    #[error("it can no longer be read: {0}")]
    Decode(DecodeError),
    /// A payload whose value is not recorded yet.
    #[error("its value is not recorded yet; record it:  UPDATE_CORPUS=1 cargo test")]
    NotWritten,
    /// A payload whose value changed.
    #[error(
        "its value changed, and no raised schema version explains it\n{diff}if that is right:  UPDATE_CORPUS=1 cargo test"
    )]
    Changed {
        /// Before and after, line by line.
        diff: String,
    },
    /// Today's value cannot be stored.
    #[error("today's value could not be stored: {0}")]
    Encode(EncodeError),
    /// A store that could not be read.
    #[error("the store could not be read: {0}")]
    Store(es_core::ReadError),
    /// A file that is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// A file or a folder that could not be read or written.
    #[error("it could not be read or written: {0}")]
    File(io::Error),
    /// The variable that asks for an update has no meaning.
    #[error("{0}")]
    Update(LockError),
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stored events no longer decode to the recorded values")?;
        for Finding { path, cause } in &self.findings {
            write!(f, "\n`{}`: {cause}", path.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for CorpusError {}
