//! Runs projections on tokio.

use std::{
    future::ready,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::{
    runtime::Handle,
    task::{JoinError, JoinHandle},
};

use crate::{EventStore, Projections, RunError};

/// Lets [`Projections`] run in a task of their own.
pub trait StartProjections<S> {
    /// Spawns [`run`](Projections::run) on the tokio runtime that this is called in.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/account.rs"));
    /// #[derive(Default)]
    /// struct Count(u64);
    ///
    /// #[es::project(name = "count", of(Account))]
    /// impl Count {
    ///     fn opened(&mut self, _: &Opened) {
    ///         self.0 += 1;
    ///     }
    /// }
    ///
    /// # async fn example(store: std::sync::Arc<dyn EventStore>) -> Result<(), Box<dyn std::error::Error>> {
    /// let projections = store.projections();
    /// let count = projections.live::<Count>();
    /// let mut running = projections.start()?;
    /// tokio::select! {
    ///     _ = std::future::pending::<()>() => {} // SIGTERM, for instance
    ///     ended = running.ended() => ended?,
    /// }
    /// running.stop().await?;
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    fn start(&self) -> Result<RunningProjections<S>, StartError>;
}

impl<S: EventStore + Clone> StartProjections<S> for Projections<S> {
    fn start(&self) -> Result<RunningProjections<S>, StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let mut run = Box::pin(self.run());
        // The first poll tells whether they can run, and does no work.
        let task = match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => {
                ended?;
                runtime.spawn(ready(Ok(())))
            }
            Poll::Pending => runtime.spawn(run),
        };
        Ok(RunningProjections { projections: self.clone(), task: Some(task) })
    }
}

/// Projections that run in a task of their own: [`start`](StartProjections::start) gives it.
///
/// Dropping it stops nothing: the projections go on until [`Projections::stop`] or until the runtime ends. A program that ends
/// without either leaves the leases of its read models to run out, so that others wait for that long.
#[derive(Debug)]
#[must_use = "when the program ends, `stop` finishes what is under way and gives the leases back"]
pub struct RunningProjections<S = Arc<dyn EventStore>> {
    projections: Projections<S>,
    /// `None` once it has ended.
    task: Option<JoinHandle<Result<(), RunError>>>,
}

impl<S: EventStore + Clone> RunningProjections<S> {
    /// Stops the projections, and waits until they have ended: each read model finishes its step and gives its lease back, so
    /// that another program goes on at once. If this future is dropped half way, they still end in that order.
    ///
    /// # Errors
    /// [`EndError`]: they had ended before.
    pub async fn stop(mut self) -> Result<(), EndError> {
        self.projections.stop().await;
        self.ended().await
    }

    /// Waits until the projections have ended, which they do after [`Projections::stop`] only, unless something is wrong. The
    /// future may be dropped, and another one taken.
    ///
    /// # Errors
    /// [`EndError`].
    pub async fn ended(&mut self) -> Result<(), EndError> {
        let Some(task) = &mut self.task else { return Ok(()) };
        let ended = task.await;
        self.task = None;
        Ok(ended??)
    }
}

/// Why projections could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no tokio runtime here.
    #[error("there is no tokio runtime here; call `start` in one, or `enter` it before")]
    NoRuntime,
    /// They cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Why projections that had been started have ended, although nobody stopped them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndError {
    /// Their task panicked, in code of the store or of the application's `on_failure`, or was cut off with its runtime.
    #[error("the task that ran the projections is gone")]
    Task(#[from] JoinError),
    /// They cannot run any more.
    #[error(transparent)]
    Run(#[from] RunError),
}
