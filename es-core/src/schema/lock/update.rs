//! What a test run may write.

use std::env;

use super::LockError;

/// The environment variable that asks for an update.
pub(super) const VARIABLE: &str = "UPDATE_EVENTS_LOCK";

/// What a test run may write: the value of `UPDATE_EVENTS_LOCK`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// Nothing: the variable is absent.
    #[default]
    Nothing,
    /// What is new, `1`: never in place of something that was promised.
    New,
    /// Everything, `overwrite`: gives up what was promised and does not hold any more.
    Everything,
}

impl Update {
    /// What the environment asks for.
    ///
    /// # Errors
    /// [`LockError::Variable`] when the variable has no meaning.
    pub fn asked() -> Result<Self, LockError> {
        match env::var(VARIABLE) {
            Ok(value) => Self::of(&value),
            Err(env::VarError::NotPresent) => Ok(Self::Nothing),
            Err(env::VarError::NotUnicode(_)) => Err(LockError::Variable),
        }
    }

    fn of(value: &str) -> Result<Self, LockError> {
        match value {
            "" | "0" => Ok(Self::Nothing),
            "1" => Ok(Self::New),
            "overwrite" => Ok(Self::Everything),
            _ => Err(LockError::Variable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_says_what_may_be_written() {
        let read = |value| Update::of(value).ok();
        assert_eq!(read(""), Some(Update::Nothing));
        assert_eq!(read("0"), Some(Update::Nothing));
        assert_eq!(read("1"), Some(Update::New));
        assert_eq!(read("overwrite"), Some(Update::Everything));
        assert_eq!(read("yes"), None);
    }
}
