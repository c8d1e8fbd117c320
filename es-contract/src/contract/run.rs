//! Runs one promise.

use std::{
    io::{self, Write},
    time::Duration,
};

use tokio::{runtime, time};

use super::{
    Rerun,
    child::{self, Task},
    list::Check,
};
use crate::{
    BrokenPromise, Factory, Operation, Property,
    promises::{memory_use, race},
};

/// How long one promise may take before the store counts as one that hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs one promise on a runtime of its own with several threads. `rerun` says how a promise that needs another process
/// runs the test again there.
///
/// # Errors
/// The promise is broken, or not decided within two minutes.
pub fn run(rerun: Rerun, factory: &dyn Factory, check: Check) -> Result<(), BrokenPromise> {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = runtime.map_err(|error| BrokenPromise::new("a runtime for the promise", error.to_string()))?;
    runtime.block_on(decide(rerun, factory, check))
}

/// As [`run`], within the runtime of the caller, which has to have several threads.
///
/// # Errors
/// As [`run`].
pub async fn decide(rerun: Rerun, factory: &dyn Factory, check: Check) -> Result<(), BrokenPromise> {
    let late = |_| BrokenPromise::new(format!("an answer within {} s", PATIENCE.as_secs()), "none; the store hangs");
    let promise = async {
        match child::task()? {
            Some(task) => act(factory, task).await,
            None => check(factory).await,
        }
    };
    time::timeout(PATIENCE, rerun.scope(promise)).await.map_err(late)?
}

/// Does the task of a child.
async fn act(factory: &dyn Factory, task: Task) -> Result<(), BrokenPromise> {
    match task {
        Task::Read => memory_use::read(factory).await?,
        Task::Stall => memory_use::stall(factory).await?,
        Task::Race { rounds, address } => race::race_back(factory, rounds, &address).await?,
    }
    child::done()
}

/// Lists, on stderr, the properties and operations that the factory does not declare: no promise holds the store to them.
///
/// # Errors
/// They cannot be listed.
pub fn list_what_is_not_promised(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    // Written directly, since a test's captured output is shown only when it fails.
    let failed = |error: io::Error| BrokenPromise::new("what is not promised is listed", error.to_string());
    let mut stderr = io::stderr().lock();
    for property in Property::ALL.iter().filter(|property| !factory.properties().contains(property)) {
        writeln!(stderr, "not promised: {property}").map_err(failed)?;
    }
    for operation in Operation::ALL.iter().filter(|operation| !factory.operations().contains(operation)) {
        writeln!(stderr, "not promised: {operation}").map_err(failed)?;
    }
    if cfg!(not(target_os = "linux")) {
        writeln!(stderr, "not measured: the peak of memory, which is known on Linux alone").map_err(failed)?;
    }
    Ok(())
}
