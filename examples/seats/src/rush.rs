//! The rush: many tasks book seats concurrently.

use std::sync::Arc;

use es::prelude::*;
use tokio::task::{JoinError, JoinSet};

use crate::conference::{Book, Conference, ConferenceId, ConferenceRefusal};

/// How many tasks got a seat and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rush {
    /// Tasks with a seat.
    pub booked: usize,
    /// Tasks without a seat.
    pub refused: usize,
}

/// Why a rush ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RushError {
    /// A booking failed, for another reason than a full conference.
    #[error(transparent)]
    Book(#[from] ExecuteError<Conference, ConferenceRefusal>),
    /// A task panicked or was cancelled.
    #[error(transparent)]
    Task(#[from] JoinError),
}

/// Runs `tasks` tasks concurrently, each of which books a seat.
///
/// Each seat goes to one task: a task that decided on an old version decides again and sees that the seat is taken. One task wins
/// in each round, so no task needs more rounds than there are tasks.
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
