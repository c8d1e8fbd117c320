//! Views that are kept up to date.

use std::time::Duration;

use es::{AsOf, Behind, Checkpoint, Position, Rows, RunError, ViewError, WaitError, prelude::*};

use super::{
    LONG, TestResult,
    domain::{deposit, fill},
    models::{Amount, Balances, Customer, Sums},
    stores,
    watched::Watched,
};

#[tokio::test]
async fn a_live_view_is_the_fold_of_the_log_now_and_after_each_append() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections();
        let (balances, customers) = (projections.live::<Balances>(), projections.live::<Rows<Customer>>());
        let running = tokio::spawn(projections.run());
        for amount in 0..20 {
            let checkpoint = deposit(&store, "ada", amount).await?;
            balances.not_older_than(checkpoint, LONG).await?;
            customers.not_older_than(checkpoint, LONG).await?;
            let folded = projections.fold::<Balances>(AsOf::Newest).await?;
            assert_eq!(balances.read(Balances::clone)?, folded);
            assert_eq!(balances.read(|balances| balances.of["ada"])?, 15 + (0..=amount).sum::<u64>());
            assert_eq!(customers.read(|rows| rows["ada"].paid_in)?, folded.of["ada"]);
        }
        projections.stop().await;
        running.await??;
    }
    Ok(())
}

#[tokio::test]
async fn all_views_share_one_reader_that_reads_the_log_once() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let watched = Watched::new(&store);
        let projections = watched.projections();
        let (balances, sums) = (projections.live::<Balances>(), projections.live::<Sums>());
        let (amounts, again) = (projections.live::<Rows<Amount>>(), projections.live::<Sums>());
        tokio::spawn(projections.run());
        let frontier = store.frontier().await?;
        again.not_older_than(frontier, LONG).await?;
        amounts.not_older_than(frontier, LONG).await?;
        let last = deposit(&store, "eve", 1).await?;
        sums.not_older_than(last, LONG).await?;
        balances.not_older_than(last, LONG).await?;
        amounts.not_older_than(last, LONG).await?;
        let stored = store.stored_events().read().try_collect::<Vec<_>>().await?.len();
        assert_eq!(watched.reads(), (1, stored), "one subscription, and each event once");
        assert_eq!(sums.read(Sums::clone)?, store.projections().fold(AsOf::Newest).await?);
        assert_eq!(amounts.read(Rows::clone)?, store.projections().fold(AsOf::Newest).await?);
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_view_that_is_added_while_others_run_catches_up_and_joins_them() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let watched = Watched::new(&store);
        let projections = watched.projections();
        let balances = projections.live::<Balances>();
        tokio::spawn(projections.run());
        balances.not_older_than(store.frontier().await?, LONG).await?;
        let sums = projections.live::<Sums>();
        sums.not_older_than(store.frontier().await?, LONG).await?;
        let last = deposit(&store, "eve", 1).await?;
        sums.not_older_than(last, LONG).await?;
        balances.not_older_than(last, LONG).await?;
        assert_eq!(sums.read(Sums::clone)?, store.projections().fold(AsOf::Newest).await?);
        assert_eq!(balances.read(Balances::clone)?, store.projections().fold(AsOf::Newest).await?);
        // The store is asked for the 5 events of accounts, then for those and the 3 of orders, and once for the last one.
        // The subscription begins anew with what the new one wants. The one before may end only after it has read the last one, too.
        let (subscriptions, read) = watched.reads();
        assert!(subscriptions == 2 && (14..=15).contains(&read), "{subscriptions} subscriptions, {read} events");
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_position_that_the_view_does_not_want_is_waited_for() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections();
        let orders = projections.live::<Orders>();
        tokio::spawn(projections.run());
        orders.not_older_than(Checkpoint::START, LONG).await?;
        let checkpoint = deposit(&store, "ada", 1).await?;
        orders.not_older_than(checkpoint, LONG).await?;
        orders.not_older_than(checkpoint.position(), LONG).await?;
        assert_eq!(orders.read(|orders| orders.placed)?, 0);
        projections.stop().await;
    }
    Ok(())
}

/// A view that wants no events of accounts.
#[derive(Default)]
struct Orders {
    placed: u64,
}

#[es::project(name = "orders", of(super::domain::Order))]
impl Orders {
    fn placed(&mut self, _: &super::domain::Placed) {
        self.placed += 1;
    }
}

#[tokio::test]
async fn before_it_runs_a_view_cannot_be_read_and_is_behind() -> TestResult {
    for (store, _folder) in stores().await? {
        let checkpoint = deposit(&store, "ada", 1).await?;
        let view = store.projections().live::<Balances>();
        let refused = view.read(|_| ());
        assert!(matches!(refused, Err(ViewError::CatchingUp { view: "balances", at: Position::START })), "{refused:?}");
        let within = Duration::from_millis(5);
        let late = view.not_older_than(checkpoint, within).await;
        let Err(WaitError::Behind(Behind { projection, at, wanted, .. })) = late else {
            return Err(format!("{late:?}").into());
        };
        assert_eq!((projection, at, wanted), ("balances", Checkpoint::START, checkpoint));
    }
    Ok(())
}

#[tokio::test]
async fn a_view_is_behind_a_position_that_the_log_has_not() -> TestResult {
    for (store, _folder) in stores().await? {
        let checkpoint = deposit(&store, "ada", 1).await?;
        let projections = store.projections();
        let view = projections.live::<Balances>();
        tokio::spawn(projections.run());
        view.not_older_than(checkpoint, LONG).await?;
        let above = checkpoint.at(Position::new(checkpoint.position().get() + 1));
        let late = view.not_older_than(above, Duration::from_millis(5)).await;
        assert!(
            matches!(&late, Err(WaitError::Behind(Behind { at, wanted, .. })) if *at == checkpoint && *wanted == above),
            "{late:?}"
        );
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_stopped_view_cannot_be_read_until_it_runs_again() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections();
        let view = projections.live::<Sums>();
        projections.stop().await; // Nothing runs.
        let running = tokio::spawn(projections.run());
        view.not_older_than(store.frontier().await?, LONG).await?;
        assert!(matches!(projections.run().await, Err(RunError::AlreadyRunning)));
        projections.stop().await;
        running.await??;
        let refused = view.read(|_| ());
        assert!(matches!(refused, Err(ViewError::Ended { view: "sums" })), "{refused:?}");

        let last = deposit(&store, "ada", 1).await?;
        let running = tokio::spawn(projections.clone().run());
        view.not_older_than(last, LONG).await?;
        assert_eq!(view.read(|sums| sums.deposited)?, 23, "folded anew, each event once");
        running.abort();
        assert!(running.await.is_err_and(|error| error.is_cancelled()));
        let waited = view.not_older_than(last, LONG).await;
        assert!(matches!(waited, Err(WaitError::View(ViewError::Ended { .. }))), "{waited:?}");
    }
    Ok(())
}

#[tokio::test]
async fn who_waits_for_a_view_learns_at_once_that_it_ends() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections();
        let view = projections.live::<Sums>();
        tokio::spawn(projections.run());
        view.not_older_than(Checkpoint::START, LONG).await?;
        let waiting = tokio::spawn({
            let view = view.clone();
            async move { view.not_older_than(Position::MAX, LONG).await }
        });
        tokio::task::yield_now().await;
        projections.stop().await;
        let waited = waiting.await?;
        assert!(matches!(waited, Err(WaitError::View(ViewError::Ended { .. }))), "{waited:?}");
    }
    Ok(())
}
