//! The rush: many tasks book at once.

use std::sync::Arc;

use es::prelude::*;
use tokio::task::{JoinError, JoinSet};

use crate::conference::{Book, Conference, ConferenceId, ConferenceRefusal};

/// How many of the tasks got a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rush {
    /// Got a seat.
    pub booked: usize,
    /// Came too late.
    pub refused: usize,
}

/// Why a rush ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RushError {
    /// A booking failed, for another reason than a full conference.
    #[error(transparent)]
    Book(#[from] ExecuteError<Conference, ConferenceRefusal>),
    /// A task did not come to its end.
    #[error(transparent)]
    Task(#[from] JoinError),
}

/// Lets `tasks` tasks book a seat each, all at once.
///
/// Each seat goes to one of them: who decides on a version that is no longer the last one decides again, and sees the
/// seats that are gone. In every round somebody wins, so nobody needs more rounds than there are tasks.
///
/// # Errors
/// [`RushError`].
pub async fn rush(store: &Arc<dyn EventStore>, id: ConferenceId, tasks: usize) -> Result<Rush, RushError> {
    let mut bookings = JoinSet::new();
    for number in 0..tasks {
        let conferences = store.repository::<Conference>();
        bookings.spawn(async move {
            let command = Book { attendee: format!("attendee {number}") };
            conferences.with_retries(tasks).execute(&id, command).await
        });
    }
    let mut rush = Rush::default();
    while let Some(booking) = bookings.join_next().await {
        match booking? {
            Ok(_) => rush.booked += 1,
            Err(ExecuteError::Refused(ConferenceRefusal::Full)) => rush.refused += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(rush)
}
