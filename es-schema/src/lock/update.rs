//! What a test run may write.

use std::env;

use super::LockError;

/// The environment variable that asks for an update.
pub(super) const VARIABLE: &str = "UPDATE_EVENTS_LOCK";
/// The environment variable with the events whose history is given up.
pub(super) const OVERWRITE: &str = "OVERWRITE_EVENT";

/// What a test run may write. The lock reads it from `UPDATE_EVENTS_LOCK`, a corpus from `UPDATE_CORPUS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// Nothing: the variable is absent.
    #[default]
    Nothing,
    /// What is new, `1`: into a lock never in place of something that was promised.
    New,
}

impl Update {
    /// What `UPDATE_EVENTS_LOCK` asks for.
    ///
    /// # Errors
    /// [`LockError::Variable`] when it has no meaning.
    pub fn asked() -> Result<Self, LockError> {
        Self::by(VARIABLE)
    }

    /// What the environment variable `variable` asks for.
    ///
    /// # Errors
    /// [`LockError::Variable`] when it is neither absent, empty, `0` nor `1`.
    pub fn by(variable: &'static str) -> Result<Self, LockError> {
        match env::var(variable) {
            Ok(value) => Self::of(&value).ok_or(LockError::Variable { variable }),
            Err(env::VarError::NotPresent) => Ok(Self::Nothing),
            Err(env::VarError::NotUnicode(_)) => Err(LockError::Variable { variable }),
        }
    }

    fn of(value: &str) -> Option<Self> {
        match value {
            "" | "0" => Some(Self::Nothing),
            "1" => Some(Self::New),
            _ => None,
        }
    }
}

/// The names in `OVERWRITE_EVENT`.
pub(super) fn overwritten() -> Result<Vec<String>, LockError> {
    match env::var(OVERWRITE) {
        Ok(names) => Ok(listed(&names)),
        Err(env::VarError::NotPresent) => Ok(Vec::new()),
        Err(env::VarError::NotUnicode(_)) => Err(LockError::Variable { variable: OVERWRITE }),
    }
}

fn listed(names: &str) -> Vec<String> {
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_one_or_absent() {
        assert_eq!(Update::of(""), Some(Update::Nothing));
        assert_eq!(Update::of("0"), Some(Update::Nothing));
        assert_eq!(Update::of("1"), Some(Update::New));
        for unknown in ["overwrite", "yes", "2"] {
            assert_eq!(Update::of(unknown), None);
        }
    }

    #[test]
    fn several_events_are_separated_by_commas() {
        assert_eq!(listed("account.opened, account.deposited,"), ["account.opened", "account.deposited"]);
        assert_eq!(listed(""), [""; 0]);
    }
}
