//! How long the slow tests run: a tenth of the full time, or all of it.

use std::{env, time::Duration};

use crate::BrokenPromise;

/// The variable that asks for the full effort.
const FIRE: &str = "ES_FIRE";
/// The variable that sets the duration of the tests that run for a time.
const SECONDS: &str = "ES_FIRE_SECONDS";

/// How long the slow tests run: kills, torture, load.
///
/// They run a tenth of the time or of the rounds, unless `ES_FIRE=full` asks for all; no test is left out. `ES_FIRE_SECONDS`
/// sets the duration of the tests that run for a time.
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
    /// The effort that `ES_FIRE` and `ES_FIRE_SECONDS` ask for.
    ///
    /// # Errors
    /// One of them has a value that is not known.
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

    /// The duration of a test that runs for `full` at full effort.
    #[must_use]
    pub fn lasting(self, full: Duration) -> Duration {
        self.lasting.unwrap_or(if self.full { full } else { full / 10 })
    }

    /// The number of rounds of a test that runs `full` rounds at full effort.
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
    fn a_tenth_is_run_unless_the_full_effort_is_asked_for() {
        assert_eq!(effort(None, None), (SECOND / 10, 2));
        assert_eq!(effort(Some("full"), None), (SECOND, 11));
        assert_eq!(effort(None, Some("60")), (60 * SECOND, 2));
        assert_eq!(effort(Some("full"), Some("60")), (60 * SECOND, 11));
    }

    #[test]
    fn an_unknown_value_is_an_error() {
        for (fire, seconds) in [(Some("Full"), None), (Some(""), None), (Some("full"), Some("6s")), (None, Some(""))] {
            Effort::parse(fire, seconds).unwrap_err();
        }
    }
}
