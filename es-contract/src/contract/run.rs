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
    promises::{memory_use, race, read_models},
};

/// How long one promise may take before the store counts as hanging.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs one promise on a multi-threaded runtime of its own. A promise that needs another process runs the test again there, as
/// `rerun` describes.
///
/// # Errors
/// The promise is broken, or its check takes more than two minutes.
pub fn run(rerun: Rerun, factory: &dyn Factory, check: Check) -> Result<(), BrokenPromise> {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = runtime.map_err(|error| BrokenPromise::new("a runtime for the promise starts", error.to_string()))?;
    runtime.block_on(run_on_this_runtime(rerun, factory, check))
}

/// Does the same as [`run`] on the runtime of the caller, which must have several threads.
///
/// # Errors
/// The same as those of [`run`].
pub async fn run_on_this_runtime(rerun: Rerun, factory: &dyn Factory, check: Check) -> Result<(), BrokenPromise> {
    let late = |_| BrokenPromise::new(format!("an answer within {} s", PATIENCE.as_secs()), "none; the store hangs");
    let promise = async {
        match child::task()? {
            Some(task) => run_child_task(factory, task).await,
            None => check(factory).await,
        }
    };
    time::timeout(PATIENCE, rerun.scope(promise)).await.map_err(late)?
}

/// Runs the task of a child process.
async fn run_child_task(factory: &dyn Factory, task: Task) -> Result<(), BrokenPromise> {
    match task {
        Task::Read => memory_use::read(factory).await?,
        Task::Stall => memory_use::read_stalled(factory).await?,
        Task::Race { rounds, address } => race::race_as_child(factory, rounds, &address).await?,
        Task::ReadModels { address } => read_models::use_as_child(factory, &address).await?,
    }
    child::done()
}

/// Prints on stderr the properties and operations that the factory does not declare. No promise checks them.
///
/// # Errors
/// Stderr cannot be written.
pub fn list_undeclared(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    // Written to stderr directly: the captured output of a test is shown only when it fails.
    let failed = |error: io::Error| BrokenPromise::new("the undeclared properties are listed", error.to_string());
    let mut stderr = io::stderr().lock();
    for property in Property::ALL.iter().filter(|property| !factory.properties().contains(property)) {
        writeln!(stderr, "not promised: {property}").map_err(failed)?;
    }
    for operation in Operation::ALL.iter().filter(|operation| !factory.operations().contains(operation)) {
        writeln!(stderr, "not promised: {operation}").map_err(failed)?;
    }
    if cfg!(not(target_os = "linux")) {
        writeln!(stderr, "not measured: the peak of memory, which is known on Linux only").map_err(failed)?;
    }
    Ok(())
}
