//! From a URL to the path of a file.

use std::path::PathBuf;

/// Why a URL names no file. Its text says what to write instead.
///
/// ```
/// # use es_sqlite::{SqliteStore, SqliteUrlError};
/// let refused = |url| SqliteStore::path_of_url(url).unwrap_err();
/// assert_eq!(refused("sqlite::memory:"), SqliteUrlError::Memory);
/// assert_eq!(refused("sqlite://bank.db").to_string(), "`sqlite://bank.db` names no file: write `sqlite:bank.db`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteUrlError {
    /// The URL does not begin with `sqlite:`.
    #[error("`{url}` does not begin with `sqlite:`; write `sqlite:bank.db`")]
    Scheme {
        /// The URL.
        url: String,
    },
    /// Nothing stands after `sqlite:`.
    #[error("`sqlite:` names no file: write `sqlite:bank.db`, or `memory:` for a log that ends with the program")]
    Empty,
    /// `:memory:` stands after `sqlite:`.
    #[error("a log in SQLite is a file; write `memory:` for a log that ends with the program")]
    Memory,
    /// Two slashes stand before something other than an absolute path.
    #[error("`sqlite://{rest}` names no file: write `sqlite:{rest}`")]
    Slashes {
        /// What stands after the slashes.
        rest: String,
    },
}

/// Gives the path of `url`: all that stands after `sqlite:`, or after `sqlite://` where that is an absolute path. Nothing is
/// decoded.
pub(crate) fn path(url: &str) -> Result<PathBuf, SqliteUrlError> {
    let Some(rest) = url.strip_prefix("sqlite:") else { return Err(SqliteUrlError::Scheme { url: url.to_owned() }) };
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some("") => return Err(SqliteUrlError::Empty),
        Some(":memory:") => return Err(SqliteUrlError::Memory),
        Some(rest) => return Err(SqliteUrlError::Slashes { rest: rest.to_owned() }),
        None => rest,
    };
    match path {
        "" => Err(SqliteUrlError::Empty),
        ":memory:" => Err(SqliteUrlError::Memory),
        path => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_after_the_scheme_is_the_path_byte_for_byte() {
        for (url, expected) in [
            ("sqlite:bank.db", "bank.db"),
            ("sqlite:bank.db?mode=ro", "bank.db?mode=ro"),
            ("sqlite:a%20b#c.db", "a%20b#c.db"),
            ("sqlite:/var/bank.db", "/var/bank.db"),
            ("sqlite:///var/bank.db", "/var/bank.db"),
            ("sqlite:file:x?mode=memory", "file:x?mode=memory"),
            ("sqlite: bank.db ", " bank.db "),
        ] {
            assert_eq!(path(url), Ok(PathBuf::from(expected)), "{url}");
        }
    }

    #[test]
    fn a_url_without_a_file_is_refused() {
        for (url, refusal) in [
            ("sqlite:", SqliteUrlError::Empty),
            ("sqlite://", SqliteUrlError::Empty),
            ("sqlite::memory:", SqliteUrlError::Memory),
            ("sqlite://:memory:", SqliteUrlError::Memory),
            ("sqlite://bank.db", SqliteUrlError::Slashes { rest: "bank.db".to_owned() }),
            ("bank.db", SqliteUrlError::Scheme { url: "bank.db".to_owned() }),
        ] {
            assert_eq!(path(url), Err(refusal), "{url}");
        }
    }
}
