//! Projections that run in a task of their own.

use std::{sync::Arc, time::Duration};

use es::{EndError, Projections, RunError, StartError, WaitError, prelude::*};
use tokio::sync::Notify;

use super::{
    LONG, TestResult,
    domain::{Account, Deposited, deposit, fill},
    models::{Balances, Customer},
    stores,
};

async fn owner<S: EventStore + Clone>(
    projections: &Projections<S>,
) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let statuses = projections.status().await?;
    Ok(statuses.first().and_then(|status| status.owner.clone()))
}

#[tokio::test]
async fn projections_that_are_stopped_have_given_their_leases_back_and_can_be_started_again() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections().follow(Customer::default()).lease(Duration::from_hours(1));
        let balances = projections.live::<Balances>();
        for _ in 0..3 {
            let running = projections.start()?;
            let last = deposit(&store, "ada", 1).await?;
            projections.wait_for(&["customers"], last, LONG).await?;
            balances.not_older_than(last, LONG).await?;
            assert!(owner(&projections).await?.is_some());
            running.stop().await?;
            assert_eq!(owner(&projections).await?, None, "another program would wait an hour");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_keeps_projections_from_running_is_known_at_once() -> TestResult {
    for (store, _folder) in stores().await? {
        let twice = store.projections().follow(Customer::default()).follow(Customer::default());
        let refused = twice.start().map(drop);
        assert_eq!(refused, Err(StartError::Run(RunError::SameName { projection: "customers" })));

        let projections = store.projections().follow(Customer::default());
        let running = projections.start()?;
        assert_eq!(projections.start().map(drop), Err(StartError::Run(RunError::AlreadyRunning)));
        let last = deposit(&store, "ada", 1).await?;
        projections.wait_for(&["customers"], last, LONG).await?; // The first goes on.
        running.stop().await?;
    }
    Ok(())
}

#[test]
fn a_thread_without_a_runtime_is_told_so() -> TestResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let store = runtime.block_on(es::connect("memory:"))?;
    let projections = store.projections().follow(Customer::default());
    assert_eq!(projections.start().map(drop), Err(StartError::NoRuntime));
    let running = {
        let _inside = runtime.enter();
        projections.start()?
    };
    Ok(runtime.block_on(running.stop())?)
}

#[tokio::test]
async fn a_handle_that_is_dropped_stops_nothing() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections().follow(Customer::default());
        drop(projections.start()?);
        for amount in 0..3 {
            let last = deposit(&store, "ada", amount).await?;
            projections.wait_for(&["customers"], last, LONG).await?;
        }
        projections.stop().await;
        assert_eq!(owner(&projections).await?, None);
    }
    Ok(())
}

#[tokio::test]
async fn projections_that_another_handle_stops_have_ended() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections().follow(Customer::default());
        let mut running = projections.start()?;
        let still_runs = tokio::time::timeout(Duration::from_millis(20), running.ended()).await;
        assert!(still_runs.is_err(), "{still_runs:?}");
        projections.stop().await;
        running.ended().await?;
        running.ended().await?;
        running.stop().await?;
    }
    Ok(())
}

/// Rows that fail.
#[derive(Default, Serialize, Deserialize)]
struct Never;

#[es::project(name = "never", key = String, of(Account))]
impl Never {
    fn deposited(&mut self, _: &Deposited) -> Result<(), &'static str> {
        Err("not today")
    }
}

#[tokio::test]
async fn a_task_that_panics_is_told_to_those_who_wait_for_it() -> TestResult {
    for (store, _folder) in stores().await? {
        deposit(&store, "ada", 1).await?;
        let failed = Arc::new(Notify::new());
        let tell = Arc::clone(&failed);
        let projections = store.projections().follow(Never).retries(0).on_failure(move |name, _| {
            tell.notify_one();
            panic!("nobody mends `{name}`")
        });
        let mut running = projections.start()?;
        let ended = running.ended().await;
        let Err(EndError::Task(task)) = ended else { return Err(format!("{ended:?}").into()) };
        assert!(task.is_panic());
        let waited = projections.wait_for(&["never"], store.frontier().await?, LONG).await;
        assert!(matches!(waited, Err(WaitError::Ended { projection: "never" })), "{waited:?}");
        failed.notified().await;

        let running = projections.start()?;
        failed.notified().await;
        assert!(matches!(running.stop().await, Err(EndError::Task(_))), "it panics again");
    }
    Ok(())
}
