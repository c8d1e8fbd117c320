//! Statements that were sent and whose answers nobody has waited for yet.

use std::{collections::VecDeque, fmt, future::poll_fn, task::Poll};

use futures_util::future::BoxFuture;
use tokio_postgres::Error;

/// The most statements, and bytes of their parameters, that are on their way at once.
const STATEMENTS: usize = 256;
const BYTES: usize = 4 * 1024 * 1024;

/// The statements, in the order in which they were sent.
#[derive(Default)]
pub(super) struct Pushed {
    in_flight: VecDeque<InFlight>,
    bytes: usize,
}

struct InFlight {
    part: usize,
    bytes: usize,
    answer: BoxFuture<'static, Result<u64, Error>>,
}

/// A statement that failed, and the part of the work that pushed it.
#[derive(Debug)]
pub(super) struct PushFailure {
    pub(super) part: usize,
    pub(super) error: Error,
}

impl Pushed {
    /// Sends a statement for `part`: the driver does so when `answer` is polled for the first time.
    pub(super) async fn send(
        &mut self,
        part: usize,
        bytes: usize,
        mut answer: BoxFuture<'static, Result<u64, Error>>,
    ) -> Result<(), PushFailure> {
        let polled = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        match polled {
            Poll::Pending => {
                self.bytes += bytes;
                self.in_flight.push_back(InFlight { part, bytes, answer });
                Ok(())
            }
            Poll::Ready(Ok(_)) => Ok(()),
            Poll::Ready(Err(error)) => Err(PushFailure { part, error }),
        }
    }

    /// Waits until there is room for another statement.
    pub(super) async fn make_room(&mut self) -> Result<(), PushFailure> {
        while self.in_flight.len() >= STATEMENTS || self.bytes >= BYTES {
            self.collect_first().await?;
        }
        Ok(())
    }

    /// Waits for all answers, up to the first that is an error.
    pub(super) async fn collect(&mut self) -> Result<(), PushFailure> {
        while !self.in_flight.is_empty() {
            self.collect_first().await?;
        }
        Ok(())
    }

    async fn collect_first(&mut self) -> Result<(), PushFailure> {
        let Some(first) = self.in_flight.front_mut() else { return Ok(()) };
        // It stays in the queue while it is waited for, since the caller may be dropped.
        let answer = first.answer.as_mut().await;
        let (part, bytes) = (first.part, first.bytes);
        self.in_flight.pop_front();
        self.bytes -= bytes;
        answer.map(drop).map_err(|error| PushFailure { part, error })
    }
}

impl fmt::Debug for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pushed").field("in_flight", &self.in_flight.len()).field("bytes", &self.bytes).finish()
    }
}
