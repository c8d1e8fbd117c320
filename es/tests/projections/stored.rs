//! Rows by key that a store keeps.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use es::{AsOf, FollowError, Position, ReadModelState, Rows, RowsError, RunError, WaitError, prelude::*};

use super::{
    LONG, TestResult,
    domain::{deposit, fill},
    models::{Amount, Customer},
    stores,
};

#[tokio::test]
async fn rows_are_the_fold_of_the_log_now_and_after_each_append() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections().follow(Customer::default()).follow(Amount::default());
        let (customers, amounts) = (projections.rows::<Customer>(), projections.rows::<Amount>());
        assert!(matches!(customers.get(&"ada".into()).await, Err(RowsError::Building { .. })));
        let running = tokio::spawn(projections.run());
        for amount in 0..20 {
            let checkpoint = deposit(&store, "ada", amount).await?;
            projections.wait_for(&["customers", "amounts"], checkpoint, LONG).await?;
            let folded = projections.fold::<Rows<Customer>>(AsOf::Newest).await?;
            assert_eq!(customers.all().try_collect::<Vec<_>>().await?, folded.clone().into_iter().collect::<Vec<_>>());
            let keys = ["eve".to_owned(), "nobody".to_owned(), "ada".to_owned()];
            let expected: Vec<_> = keys.iter().map(|key| folded.get(key).cloned()).collect();
            assert_eq!(customers.get_many(&keys).await?, expected);
            assert_eq!(customers.get(&keys[2]).await?, expected[2]);
            let folded = projections.fold::<Rows<Amount>>(AsOf::Newest).await?;
            assert_eq!(amounts.all().try_collect::<Vec<_>>().await?, folded.into_iter().collect::<Vec<_>>());
        }
        projections.stop().await;
        running.await??;
    }
    Ok(())
}

#[tokio::test]
async fn numbers_come_in_the_order_of_numbers_by_pages() -> TestResult {
    for (store, _folder) in stores().await? {
        for amount in (0..1_203).rev() {
            deposit(&store, &format!("account {}", amount % 7), amount).await?;
        }
        let projections = store.projections().follow(Amount::default());
        tokio::spawn(projections.run());
        projections.wait_for(&["amounts"], store.frontier().await?, LONG).await?;
        let rows: Vec<(u64, Amount)> = projections.rows().all().try_collect().await?;
        let keys: Vec<_> = rows.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, projections.fold::<Rows<Amount>>(AsOf::Newest).await?.keys().copied().collect::<Vec<_>>());
        assert!(keys.len() > 1_000 && keys.is_sorted());
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn programs_that_follow_the_same_rows_apply_each_event_once() -> TestResult {
    for (store, _folder) in stores().await? {
        let programs: Vec<_> =
            (0..3).map(|_| store.projections().follow(Customer::default()).lease(Duration::from_millis(100))).collect();
        for round in 0..6 {
            let running: Vec<_> = programs.iter().map(|program| tokio::spawn(program.run())).collect();
            for amount in 0..10 {
                deposit(&store, "ada", amount).await?;
                tokio::task::yield_now().await;
            }
            let frontier = store.frontier().await?;
            for program in &programs {
                program.wait_for(&["customers"], frontier, LONG).await?;
            }
            // One program ends in order, the others are cut off.
            programs[round % 3].stop().await;
            running.iter().for_each(tokio::task::JoinHandle::abort);
            for running in running {
                drop(running.await);
            }
        }
        let folded = programs[0].fold::<Rows<Customer>>(AsOf::Newest).await?;
        assert_eq!(
            programs[0].rows::<Customer>().all().try_collect::<Vec<_>>().await?,
            folded.into_iter().collect::<Vec<_>>()
        );
    }
    Ok(())
}

#[tokio::test]
async fn another_program_waits_at_most_the_lease_after_the_owner_was_cut_off() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let lease = Duration::from_millis(300);
        let (first, second) =
            (store.projections().follow(Customer::default()), store.projections().follow(Customer::default()));
        let running = tokio::spawn(first.lease(lease).run());
        second.wait_for(&["customers"], store.frontier().await?, LONG).await?;
        let second = second.lease(lease);
        tokio::spawn(second.run());
        running.abort();
        let checkpoint = deposit(&store, "ada", 1).await?;
        second.wait_for(&["customers"], checkpoint, LONG).await?;
        let statuses = second.status().await?;
        assert_eq!((statuses[0].state, statuses[0].behind), (ReadModelState::Live, 0));
        second.stop().await;
        assert_eq!(second.status().await?[0].owner, None);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_paused_waits_until_it_is_to_resume_whoever_asks() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections().follow(Customer::default());
        let another = store.projections().follow(Customer::default());
        tokio::spawn(projections.run());
        projections.wait_for(&["customers"], store.frontier().await?, LONG).await?;
        another.pause("customers").await?;
        let checkpoint = deposit(&store, "ada", 1).await?;
        let refused = projections.wait_for(&["customers"], checkpoint, LONG).await;
        assert!(matches!(refused, Err(WaitError::Paused { projection: "customers" })), "{refused:?}");
        let status = &projections.status().await?[0];
        assert_eq!((status.state, status.behind), (ReadModelState::Paused, 1));
        another.resume("customers").await?;
        // The other program does not run it, so it waits until the store says that it is live again.
        another.wait_for(&["customers"], checkpoint, LONG).await?;
        projections.wait_for(&["customers"], checkpoint, LONG).await?;
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_rebuild_empties_the_rows_and_builds_them_anew() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections().follow(Customer::default());
        tokio::spawn(projections.run());
        let frontier = store.frontier().await?;
        projections.wait_for(&["customers"], frontier, LONG).await?;
        let rows = projections.rows::<Customer>();
        assert!(rows.get(&"ada".into()).await?.is_some());
        let mut all = rows.all();
        assert!(all.try_next().await?.is_some());
        projections.pause("customers").await?;
        projections.rebuild("customers").await?;
        let status = &projections.status().await?[0];
        assert_eq!(
            (status.state, status.seen, status.behind),
            (ReadModelState::Paused, Position::START, status.events)
        );
        assert!(matches!(rows.get(&"ada".into()).await, Err(RowsError::Building { .. })));
        assert!(
            matches!(all.try_collect::<Vec<_>>().await, Err(RowsError::Building { .. })),
            "half of the rows are not all"
        );
        projections.resume("customers").await?;
        projections.wait_for(&["customers"], frontier, LONG).await?;
        let folded = projections.fold::<Rows<Customer>>(AsOf::Newest).await?;
        assert_eq!(rows.all().try_collect::<Vec<_>>().await?, folded.into_iter().collect::<Vec<_>>());
        assert!(matches!(projections.rebuild("nothing").await, Err(es::ProjectionError::Unknown { .. })));
        projections.stop().await;
    }
    Ok(())
}

/// Rows whose method fails or panics on an amount, until it is mended.
#[derive(Default, Serialize, Deserialize)]
struct Fragile {
    sum: u64,
}

/// Whether the rows are still fragile. Each test has its own process under nextest, and its own thread otherwise.
static BROKEN: Mutex<bool> = Mutex::new(true);

#[es::project(name = "fragile", key = String, of(super::domain::Account))]
impl Fragile {
    fn deposited(&mut self, event: &super::domain::Deposited) -> Result<(), String> {
        self.sum += event.amount;
        if *BROKEN.lock().map_err(|error| error.to_string())? && event.amount == 13 {
            return Err("thirteen".into());
        }
        assert!(event.amount != 1_313, "a panic");
        Ok(())
    }
}

#[tokio::test]
async fn a_failing_event_is_tried_again_and_stops_its_projection_alone() -> TestResult {
    for (store, _folder) in stores().await? {
        *BROKEN.lock().map_err(|_| "poisoned")? = true;
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let projections =
            store.projections().follow(Fragile::default()).follow(Customer::default()).retries(2).on_failure(
                move |name, error| {
                    if let (Ok(mut told), FollowError::Failed(failure)) = (listener.lock(), error) {
                        told.push((name, failure.clone()));
                    }
                },
            );
        for amount in [1, 2] {
            deposit(&store, "ada", amount).await?;
        }
        let culprit = deposit(&store, "eve", 13).await?;
        let last = deposit(&store, "ada", 4).await?;
        tokio::spawn(projections.run());
        projections.wait_for(&["customers"], last, LONG).await?;
        let stopped = projections.wait_for(&["fragile"], last, LONG).await;
        let Err(WaitError::Stopped { projection: "fragile", failure: Some(failure) }) = stopped else {
            return Err(format!("{stopped:?}").into());
        };
        assert_eq!((failure.position, failure.attempts, &*failure.error), (culprit.position(), 3, "thirteen"));
        assert_eq!(failure.stream.id(), "eve");
        assert_eq!(*told.lock().map_err(|_| "poisoned")?, [("fragile", (*failure).clone())]);
        let status = projections.status().await?.remove(1);
        // What stands before the culprit is handled, and nothing behind it.
        assert_eq!((status.state, status.handled), (ReadModelState::Stopped, Position::new(2)));
        // What had an effect before the error is not kept.
        *BROKEN.lock().map_err(|_| "poisoned")? = false;
        projections.retry("fragile").await?;
        projections.wait_for(&["fragile"], last, LONG).await?;
        let rows = projections.rows::<Fragile>();
        let sums = [rows.get(&"ada".into()).await?, rows.get(&"eve".into()).await?].map(|row| row.map(|row| row.sum));
        assert_eq!(sums, [Some(1 + 2 + 4), Some(13)]);
        assert_eq!(projections.status().await?[1].failure, None);
        let last = deposit(&store, "eve", 1_313).await?;
        let stopped = projections.wait_for(&["fragile"], last, LONG).await;
        assert!(
            matches!(&stopped, Err(WaitError::Stopped { failure: Some(failure), .. }) if failure.error == "a method panicked: a panic"),
            "{stopped:?}"
        );
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn an_event_of_a_newer_program_is_left_to_it() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let newer = store.repository::<super::domain::after::Account>();
        let executed =
            newer.update(&"new".into(), |_| super::domain::after::Deposited { amount: 1, note: "new".into() }).await?;
        let last = executed.checkpoint.ok_or("it has a checkpoint")?;
        let projections = store.projections().follow(Customer::default());
        let running = tokio::spawn(projections.run());
        let failed = projections.wait_for(&["customers"], last, LONG).await;
        let Err(WaitError::Failed { projection: "customers", cause }) = failed else {
            return Err(format!("{failed:?}").into());
        };
        assert!(matches!(&*cause, FollowError::Newer(failure) if failure.position == last.position()), "{cause}");
        let status = projections.status().await?.remove(0);
        assert_eq!((status.owner, status.state), (None, ReadModelState::Building));
        assert!(status.error.is_some() && status.failure.is_some());
        projections.stop().await;
        running.await??;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_looked_at_moves_on_when_nothing_matches_and_what_is_idle_writes_nothing() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections().follow(Unmatched::default());
        tokio::spawn(projections.run());
        let another = store.projections().follow(Unmatched::default());
        let last = deposit(&store, "ada", 1).await?;
        projections.wait_for(&["unmatched"], last, LONG).await?;
        another.wait_for(&["unmatched"], last, LONG).await?;
        let last = deposit(&store, "ada", 1).await?;
        let read_models = store.read_models().ok_or("it keeps them")?;
        let mut status = read_models.statuses().await?.remove(0);
        while status.seen.position() < last.position() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            status = read_models.statuses().await?.remove(0);
        }
        assert_eq!((status.handled.position(), status.state), (Position::START, ReadModelState::Live));
        let lease = status.lease_left;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let later = read_models.statuses().await?.remove(0);
        assert!(later.lease_left < lease, "an idle owner does not renew its lease");
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_waited_for_can_be_read_also_when_nothing_matched() -> TestResult {
    for (store, _folder) in stores().await? {
        for round in 0..20 {
            let accounts = store.repository::<super::domain::Account>();
            accounts.update(&format!("{round}"), |_| super::domain::Opened { owner: "Ada".into() }).await?;
            let projections = store.projections().follow(Unmatched::default());
            let running = tokio::spawn(projections.run());
            projections.wait_for(&["unmatched"], store.frontier().await?, LONG).await?;
            assert!(projections.rows::<Unmatched>().get(&1).await?.is_none());
            projections.stop().await;
            running.await??;
        }
    }
    Ok(())
}

/// Rows that are large.
#[derive(Default, Serialize, Deserialize)]
struct Large {
    text: String,
}

#[es::project(name = "large", key = u64, of(super::domain::Account))]
impl Large {
    #[key(|event| event.amount)]
    fn deposited(&mut self, event: &super::domain::Deposited) {
        self.text = "x".repeat(1024 * 1024) + &event.amount.to_string();
    }
}

#[tokio::test]
async fn large_rows_of_many_events_go_in_several_steps() -> TestResult {
    for (store, _folder) in stores().await? {
        for amount in 0..40 {
            deposit(&store, "ada", amount).await?;
        }
        let projections = store.projections().follow(Large::default());
        tokio::spawn(projections.run());
        projections.wait_for(&["large"], store.frontier().await?, LONG).await?;
        let rows: Vec<(u64, Large)> = projections.rows().all().try_collect().await?;
        assert_eq!(rows.iter().map(|(key, _)| *key).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
        assert!(rows.iter().all(|(key, row)| row.text.ends_with(&format!("x{key}"))));
        projections.stop().await;
    }
    Ok(())
}

/// Rows of an event that nobody appends.
#[derive(Default, Serialize, Deserialize)]
struct Unmatched {}

#[es::project(name = "unmatched", key = u64, of(super::domain::Order))]
impl Unmatched {
    fn shipped(&mut self, _: &super::domain::Shipped) {}
}

#[tokio::test]
async fn two_projections_of_one_name_do_not_run() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections().follow(Customer::default()).follow(Customer::default());
        assert_eq!(projections.run().await, Err(RunError::SameName { projection: "customers" }));
    }
    Ok(())
}
