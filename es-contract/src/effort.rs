//! How much of what takes long a run does: a tenth, or all of it.

use std::{env, time::Duration};

use crate::BrokenPromise;

/// Asks for everything.
const FIRE: &str = "ES_FIRE";
/// Says how long the tests last that go on for a time.
const SECONDS: &str = "ES_FIRE_SECONDS";

/// How much the tests do that take long: kills, torture, load.
///
/// They do a tenth unless `ES_FIRE=full` asks for everything, and none of them is left out. Those that go on for a time
/// last for `ES_FIRE_SECONDS` instead, when that is set.
///
/// ```
/// # use std::time::Duration;
/// # use es_contract::{BrokenPromise, Effort};
/// let effort = Effort::from_env()?;
/// let (time, rounds) = (effort.lasting(Duration::from_secs(3)), effort.times(250));
/// # assert!(time >= Duration::from_millis(300) && rounds >= 25);
/// # Ok::<(), BrokenPromise>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    full: bool,
    lasting: Option<Duration>,
}

impl Effort {
    /// What `ES_FIRE` and `ES_FIRE_SECONDS` ask for.
    ///
    /// # Errors
    /// One of them is set to what it does not know.
    pub fn from_env() -> Result<Self, BrokenPromise> {
        let text = |name| env::var_os(name).map(|text| text.to_string_lossy().into_owned());
        Self::parse(text(FIRE).as_deref(), text(SECONDS).as_deref())
    }

    fn parse(fire: Option<&str>, seconds: Option<&str>) -> Result<Self, BrokenPromise> {
        let full = match fire {
            None => false,
            Some("full") => true,
            Some(other) => return Err(BrokenPromise::new(format!("`{FIRE}` is `full` or is not set"), other)),
        };
        let seconds = seconds.map(|text| {
            text.parse().map_err(|_| BrokenPromise::new(format!("`{SECONDS}` is a number of whole seconds"), text))
        });
        Ok(Self { full, lasting: seconds.transpose()?.map(Duration::from_secs) })
    }

    /// How long a test goes on that goes on for `full` when everything is run.
    #[must_use]
    pub fn lasting(self, full: Duration) -> Duration {
        self.lasting.unwrap_or(if self.full { full } else { full / 10 })
    }

    /// How often a test does what it does `full` times when everything is run.
    #[must_use]
    pub fn times(self, full: u32) -> u32 {
        if self.full { full } else { full.div_ceil(10) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn effort(fire: Option<&str>, seconds: Option<&str>) -> (Duration, u32) {
        let effort = Effort::parse(fire, seconds).unwrap();
        (effort.lasting(SECOND), effort.times(11))
    }

    #[test]
    fn a_tenth_is_done_unless_everything_is_asked_for() {
        assert_eq!(effort(None, None), (SECOND / 10, 2));
        assert_eq!(effort(Some("full"), None), (SECOND, 11));
        assert_eq!(effort(None, Some("60")), (60 * SECOND, 2));
        assert_eq!(effort(Some("full"), Some("60")), (60 * SECOND, 11));
    }

    #[test]
    fn what_is_misspelt_is_an_error() {
        for (fire, seconds) in [(Some("Full"), None), (Some(""), None), (Some("full"), Some("6s")), (None, Some(""))] {
            Effort::parse(fire, seconds).unwrap_err();
        }
    }
}
