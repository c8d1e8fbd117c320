//! What a projection is doing, as values.

use std::{sync::Arc, time::Duration};

use crate::{
    event::Timestamp,
    projection::{
        FollowError, ProjectionError,
        follower::{Follower, Local},
    },
    store::{EventStore, Position, ReadError, ReadModelFailure, ReadModelState, ReadModelStatus, ReadModels},
};

/// What a projection that is followed is doing, whichever program owns it.
/// [`Projections::status`](crate::Projections::status) gives it.
///
/// ```
/// # use es_core::ProjectionStatus;
/// fn line(status: &ProjectionStatus) -> String {
///     let ProjectionStatus { name, state, behind, .. } = status;
///     format!("{name} is {state}, {behind} events behind")
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// What it is doing.
    pub state: ReadModelState,
    /// The last event that it handled.
    pub handled: Position,
    /// How far it has looked: everything up to here is handled, or is nothing that it wants.
    pub seen: Position,
    /// How many events the log holds.
    pub events: u64,
    /// How many of them it has not looked at yet.
    pub behind: u64,
    /// For how long the oldest event that it wants and has not handled has been there, by the clocks of the store and of this
    /// program.
    pub waiting: Option<Duration>,
    /// How many events it looks at in a second: since its owner began, when that is this program, and otherwise since the status
    /// before it in [`Projections::status_stream`](crate::Projections::status_stream).
    pub rate: Option<f64>,
    /// The name of its owner; `None` when nobody owns it.
    pub owner: Option<String>,
    /// The last failure of an event, when it is retrying or has stopped.
    pub failure: Option<ReadModelFailure>,
    /// Why this program does not run it any more.
    pub error: Option<Arc<FollowError>>,
}

impl ProjectionStatus {
    /// How long it will take until it is not behind any more, at its [`rate`](Self::rate).
    pub fn time_left(&self) -> Option<Duration> {
        let rate = self.rate.filter(|rate| *rate > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let seconds = self.behind as f64 / rate;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Tells the rate from an earlier status.
    pub(crate) fn since(mut self, earlier: Option<&Self>, after: Duration) -> Self {
        if let (None, Some(earlier)) = (self.rate, earlier) {
            let looked = self.seen.get().saturating_sub(earlier.seen.get());
            self.rate = rate(looked, after);
        }
        self
    }
}

impl Follower {
    /// Tells what it is doing.
    pub(crate) async fn status(
        &self,
        store: &dyn EventStore,
        read_models: &dyn ReadModels,
        stored: &[ReadModelStatus],
    ) -> Result<ProjectionStatus, ProjectionError> {
        let model = self.model.clone().map_err(crate::store::ReadModelError::from)?;
        let stored = stored.iter().find(|status| status.model == model).cloned();
        let ReadModelStatus { state, handled, mut seen, owner, failure, .. } =
            stored.unwrap_or_else(|| ReadModelStatus::new(model.clone()));
        let (mut current_rate, mut error) = (None, None);
        match self.local() {
            Local::Owned { seen: looked_up_to, since, looked, state, .. } => {
                if looked_up_to.position() > seen.position() {
                    seen = looked_up_to;
                }
                if state != ReadModelState::Live {
                    current_rate = rate(looked, since.elapsed());
                }
            }
            Local::Failed(cause) => error = Some(cause),
            Local::Idle | Local::Waiting | Local::Ended => {}
        }
        let mut waiting = None;
        let mut behind = read_models.events_after(seen.position()).await?;
        if behind > 0 {
            // An owner does not always store that it has looked at what it does not want, so this looks itself.
            let (from, mut nothing_up_to) = (seen.position().into(), seen.position());
            match self.filter.first_behind(store, from, Position::MAX, &mut nothing_up_to).await {
                Ok(event) => waiting = event.map(|event| age(event.recorded_at)),
                // It is one of the events that wait.
                Err(ReadError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            if !matches!(state, ReadModelState::Paused | ReadModelState::Stopped) {
                seen = seen.at(nothing_up_to);
                behind = read_models.events_after(nothing_up_to).await?;
            }
        }
        Ok(ProjectionStatus {
            name: self.name,
            version: model.version(),
            state,
            handled: handled.position(),
            seen: seen.position(),
            events: read_models.events_after(Position::START).await?,
            behind,
            waiting,
            rate: current_rate,
            owner,
            failure,
            error,
        })
    }
}

fn age(recorded_at: Timestamp) -> Duration {
    let micros = Timestamp::now().as_micros().saturating_sub(recorded_at.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

fn rate(looked: u64, within: Duration) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    let looked = looked as f64;
    Some(looked / within.as_secs_f64()).filter(|rate| rate.is_finite())
}
