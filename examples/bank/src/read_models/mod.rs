//! The read models: what the commands `turnover`, `top` and `partners` answer from.
//!
//! # Layout
//! [`Turnover`], [`Balance`] and [`Partners`] are rows by key, each with one method for each event that changes it.
//! `turnover_table` writes the turnover to a table once more, on SQLite and PostgreSQL. [`ReadModels`] keeps the rows in the store and answers questions about them; [`ReadModelsError`] says why it cannot.

mod balance;
mod days;
mod error;
mod partners;
mod turnover;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod turnover_table;

pub use balance::Balance;
pub use days::{Days, DaysError};
pub use error::ReadModelsError;
pub use partners::Partners;
pub use turnover::Turnover;
#[cfg(feature = "postgres")]
pub use turnover_table::TurnoverInPostgres;
#[cfg(feature = "sqlite")]
pub use turnover_table::TurnoverInSqlite;

use std::{cmp::Reverse, sync::Arc, time::Duration};

use es::{
    FollowError, ProjectionError, ProjectionStatus, Projections, ReadModelState, Row, StoredRows, WaitError,
    prelude::*, store::ReadModelError,
};
use futures_util::StreamExt;
use jiff::civil::Date;

use crate::domain::AccountId;

/// The names of the read models.
pub const NAMES: [&str; 3] = [Balance::NAME, Partners::NAME, Turnover::NAME];

/// How long a question waits until a read model has everything that was stored when it was asked.
const WITHIN: Duration = Duration::from_hours(1);
/// How often it is told how far a read model has come.
const TOLD: Duration = Duration::from_millis(100);

/// The read models of a store, which keeps them. Each answer has every event that is stored when it is asked for.
#[derive(Clone, Debug)]
pub struct ReadModels {
    store: Arc<dyn EventStore>,
}

impl ReadModels {
    /// The read models of `store`.
    pub fn new(store: &Arc<dyn EventStore>) -> Self {
        Self { store: Arc::clone(store) }
    }

    /// The turnover of each of `days` on which something was booked, in their order.
    ///
    /// # Errors
    /// [`ReadModelsError`].
    pub async fn turnover(&self, days: Days) -> Result<Vec<(Date, Turnover)>, ReadModelsError> {
        let rows: Vec<(Date, Turnover)> = self.up_to_date().await?.all().try_collect().await?;
        Ok(rows.into_iter().filter(|(day, _)| days.contains(*day)).collect())
    }

    /// The `count` accounts with the highest balances, the highest first; equal ones by their numbers.
    ///
    /// # Errors
    /// [`ReadModelsError`].
    pub async fn top(&self, count: usize) -> Result<Vec<(AccountId, Balance)>, ReadModelsError> {
        let mut rows: Vec<(AccountId, Balance)> = self.up_to_date().await?.all().try_collect().await?;
        rows.sort_by_key(|(account, row)| (Reverse(row.balance), *account));
        rows.truncate(count);
        Ok(rows)
    }

    /// The partners of `account`; `None` if there is no such account.
    ///
    /// # Errors
    /// [`ReadModelsError`].
    pub async fn partners(&self, account: AccountId) -> Result<Option<Partners>, ReadModelsError> {
        Ok(self.up_to_date().await?.get(&account).await?)
    }

    /// What each read model is doing, by their names, once it has everything that is stored. One that is paused or has stopped is
    /// left as it is.
    ///
    /// # Errors
    /// [`ReadModelsError`].
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, ReadModelsError> {
        let all = self.followed(NAMES);
        let running: Vec<_> =
            all.status().await?.into_iter().filter(|status| !is_halted(status)).map(|status| status.name).collect();
        match self.catch_up(&self.followed(running.iter().copied()), &running).await {
            // What stops meanwhile is told as it is, too.
            Ok(()) | Err(ReadModelsError::Wait(WaitError::Stopped { .. } | WaitError::Paused { .. })) => {}
            Err(error) => return Err(error),
        }
        Ok(all.status().await?)
    }

    /// Builds the read model called `name` anew, and passes how far that has come to `told`.
    ///
    /// # Errors
    /// [`ReadModelsError`].
    pub async fn rebuild(&self, name: &str, told: impl Fn(&ProjectionStatus)) -> Result<(), ReadModelsError> {
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
            return Err(ReadModelsError::Unknown { name: name.to_owned() });
        };
        let projections = self.followed([name]);
        for status in projections.status().await? {
            if status.state == ReadModelState::Paused {
                return Err(ReadModelsError::Halted(Box::new(status)));
            }
        }
        match projections.rebuild(name).await {
            // Nobody has asked for it yet, so it is built for the first time.
            Ok(()) | Err(ProjectionError::Store(ReadModelError::Unknown { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        let mut statuses = Box::pin(projections.status_stream(TOLD));
        let names = [name];
        let mut caught_up = Box::pin(self.catch_up(&projections, &names));
        loop {
            tokio::select! {
                caught_up = &mut caught_up => return caught_up,
                Some(status) = statuses.next() => status?.iter().for_each(&told),
            }
        }
    }

    /// Keeps all read models up to date until `until` is over. Calls `stopped` with the name of one that stops, and the reason.
    ///
    /// # Errors
    /// [`ReadModelsError`].
    pub async fn follow(
        &self,
        until: impl Future<Output = ()>,
        stopped: impl Fn(&str, &FollowError) + Send + Sync + 'static,
    ) -> Result<(), ReadModelsError> {
        let mut running = self.followed(NAMES).on_failure(stopped).start()?;
        tokio::select! {
            () = until => {}
            ended = running.ended() => ended?,
        }
        Ok(running.stop().await?)
    }

    /// The rows of a read model, once they have everything that is stored.
    async fn up_to_date<R: Row>(&self) -> Result<StoredRows<R>, ReadModelsError> {
        let projections = self.followed([R::NAME]);
        for status in projections.status().await? {
            if is_halted(&status) {
                return Err(ReadModelsError::Halted(Box::new(status)));
            }
        }
        self.catch_up(&projections, &[R::NAME]).await?;
        Ok(projections.rows())
    }

    /// Runs `projections` until those called `names` have everything that is stored.
    async fn catch_up(
        &self,
        projections: &Projections<Arc<dyn EventStore>>,
        names: &[&str],
    ) -> Result<(), ReadModelsError> {
        let frontier = self.store.frontier().await?;
        let running = projections.start()?;
        let reached = projections.wait_for(names, frontier, WITHIN).await;
        running.stop().await?;
        Ok(reached?)
    }

    /// The projections called `names`.
    fn followed<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Projections<Arc<dyn EventStore>> {
        names.into_iter().fold(self.store.projections(), |projections, name| match name {
            Turnover::NAME => projections.follow(Turnover::default()),
            Balance::NAME => projections.follow(Balance::default()),
            _ => projections.follow(Partners::default()),
        })
    }
}

/// Whether somebody must act before the projection goes on.
fn is_halted(status: &ProjectionStatus) -> bool {
    matches!(status.state, ReadModelState::Paused | ReadModelState::Stopped)
}
