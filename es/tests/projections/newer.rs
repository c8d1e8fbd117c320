//! Programs of two releases over one log: the older one does not know every event.

use std::{error::Error, sync::Arc};

use es::{
    AsOf, Checkpoint, DecodeError, FoldError, FollowError, ReadError, ReadModelState, Rows, ViewError, WaitError,
    prelude::*,
};

use super::{
    LONG, TestResult,
    domain::{Account, Deposited, Opened, Order, Placed, Shipped, deposit, fill},
    models::{Balances, Customer, Sums},
    stores,
};

/// The newer release: each aggregate has one more event.
mod later {
    use es::prelude::*;

    use super::super::domain::{Deposited, Greeted, Opened, OpenedWithDeposit, Placed, Shipped};

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.frozen")]
    pub(super) struct Frozen {}

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "order.cancelled")]
    pub(super) struct Cancelled {}

    #[derive(Aggregate, Default)]
    #[aggregate(category = "account", id = String, events(Opened, Deposited, Frozen), retired(OpenedWithDeposit, Greeted))]
    pub(super) struct Account;

    impl<E> Apply<E> for Account {
        fn apply(&mut self, _: E) {}
    }

    impl Retired<Account> for OpenedWithDeposit {
        fn successors(self) -> impl IntoEvents<Account> {
            (Opened { owner: self.owner }, Deposited { amount: self.amount })
        }
    }

    impl Retired<Account> for Greeted {
        fn successors(self) -> impl IntoEvents<Account> {}
    }

    #[derive(Aggregate, Default)]
    #[aggregate(category = "order", id = u64, events(Placed, Shipped, Cancelled))]
    pub(super) struct Order;

    impl<E> Apply<E> for Order {
        fn apply(&mut self, _: E) {}
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct Total {
        pub(super) sum: u64,
        #[serde(default)]
        pub(super) frozen: bool,
    }

    #[es::project(name = "totals", key = String, every(Account), ignores(Opened))]
    impl Total {
        fn deposited(&mut self, event: &Deposited) {
            self.sum += event.amount;
        }

        fn frozen(&mut self, _: &Frozen) {
            self.frozen = true;
        }
    }
}

/// The rows of the older release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Total {
    sum: u64,
}

#[es::project(name = "totals", key = String, every(Account), ignores(Opened))]
impl Total {
    fn deposited(&mut self, event: &Deposited) {
        self.sum += event.amount;
    }
}

/// Every event of one aggregate, and one of another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Spending {
    paid_in: u64,
    ordered: u64,
}

#[es::project(name = "spending", key = String, every(Order), of(Account), ignores(Shipped))]
impl Spending {
    fn deposited(&mut self, event: &Deposited) {
        self.paid_in += event.amount;
    }

    #[key(|event| event.customer.clone())]
    fn placed(&mut self, event: &Placed) {
        self.ordered += event.total;
    }
}

/// Appends an event that only the newer release knows, and gives its checkpoint.
async fn freeze(store: &Arc<dyn EventStore>, account: &str) -> Result<Checkpoint, Box<dyn Error>> {
    let executed = store.repository::<later::Account>().update(&account.to_owned(), |_| later::Frozen {}).await?;
    Ok(executed.checkpoint.ok_or("an append has a checkpoint")?)
}

async fn cancel(store: &Arc<dyn EventStore>, order: u64) -> Result<Checkpoint, Box<dyn Error>> {
    let executed = store.repository::<later::Order>().update(&order, |_| later::Cancelled {}).await?;
    Ok(executed.checkpoint.ok_or("an append has a checkpoint")?)
}

#[tokio::test]
async fn an_event_that_an_older_program_does_not_know_is_applied_by_a_newer_one() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let older = store.projections().follow(Total::default());
        let running = tokio::spawn(older.run());
        // Ignored and retired events are no reason to stop.
        older.wait_for(&["totals"], store.frontier().await?, LONG).await?;
        let frozen = freeze(&store, "eve").await?;
        let last = deposit(&store, "ada", 100).await?;
        let failed = older.wait_for(&["totals"], last, LONG).await;
        let Err(WaitError::Failed { projection: "totals", cause }) = failed else {
            return Err(format!("{failed:?}").into());
        };
        assert!(matches!(&*cause, FollowError::Newer(failure) if failure.position == frozen.position()), "{cause}");
        let status = older.status().await?.remove(0);
        assert_eq!((status.owner, status.state), (None, ReadModelState::CatchingUp));
        assert_eq!(older.rows::<Total>().get(&"ada".into()).await?, Some(Total { sum: 15 }));

        let newer = store.projections().follow(later::Total::default());
        tokio::spawn(newer.run());
        newer.wait_for(&["totals"], last, LONG).await?;
        let rows = newer.rows::<later::Total>();
        assert_eq!(rows.get(&"ada".into()).await?, Some(later::Total { sum: 115, frozen: false }));
        assert_eq!(rows.get(&"eve".into()).await?, Some(later::Total { sum: 7, frozen: true }));
        newer.stop().await;
        older.stop().await;
        running.await??;
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_event_stops_what_wants_every_event_of_its_aggregate_alone() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections().follow(Spending::default()).follow(Customer::default());
        let another = store.projections().follow(Spending::default());
        let running = tokio::spawn(projections.run());
        projections.wait_for(&["spending", "customers"], store.frontier().await?, LONG).await?;
        projections.stop().await;
        running.await??;
        // While no program runs them, who waits looks at the log itself. These are more than it reads at once.
        for account in 0..150 {
            freeze(&store, &account.to_string()).await?;
        }
        let frozen = freeze(&store, "zoe").await?;
        another.wait_for(&["spending"], frozen, LONG).await?;
        let status = another.status().await?.remove(0);
        assert_eq!((status.owner, status.behind), (None, 0));
        let projections = store.projections().follow(Spending::default()).follow(Customer::default());
        tokio::spawn(projections.run());
        projections.wait_for(&["spending", "customers"], frozen, LONG).await?;
        let last = deposit(&store, "ada", 100).await?;
        projections.wait_for(&["spending", "customers"], last, LONG).await?;
        another.wait_for(&["spending"], last, LONG).await?;
        let ada = projections.rows::<Spending>().get(&"ada".into()).await?;
        assert_eq!(ada, Some(Spending { paid_in: 115, ordered: 3 }));

        let cancelled = cancel(&store, 1).await?;
        let failed = projections.wait_for(&["spending"], cancelled, LONG).await;
        let Err(WaitError::Failed { projection: "spending", cause }) = failed else {
            return Err(format!("{failed:?}").into());
        };
        assert!(matches!(&*cause, FollowError::Newer(failure) if failure.position == cancelled.position()), "{cause}");
        projections.wait_for(&["customers"], cancelled, LONG).await?;
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn ignored_and_retired_events_that_change_nothing_are_no_step() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections().follow(Spending::default());
        tokio::spawn(projections.run());
        let last = deposit(&store, "ada", 1).await?;
        projections.wait_for(&["spending"], last, LONG).await?;
        store.repository::<Account>().update(&"joe".into(), |_| Opened { owner: "Joe".into() }).await?;
        store.repository::<Order>().update(&2, |_| Shipped {}).await?;
        projections.wait_for(&["spending"], store.frontier().await?, LONG).await?;
        projections.stop().await;
        let status = projections.status().await?.remove(0);
        assert_eq!((status.handled, status.behind), (last.position(), 0));
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_event_stops_the_views_that_want_every_event_of_its_aggregate() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections();
        let (balances, sums) = (projections.live::<Balances>(), projections.live::<Sums>());
        let totals = projections.live::<Rows<Total>>();
        tokio::spawn(projections.run());
        balances.not_older_than(store.frontier().await?, LONG).await?;
        totals.not_older_than(store.frontier().await?, LONG).await?;
        let frozen = freeze(&store, "ada").await?;
        for waited in [balances.not_older_than(frozen, LONG).await, totals.not_older_than(frozen, LONG).await] {
            let Err(WaitError::View(ViewError::Stopped { cause, .. })) = waited else {
                return Err(format!("{waited:?}").into());
            };
            assert!(is_unknown(&cause, frozen), "{cause:?}");
        }
        sums.not_older_than(frozen, LONG).await?;
        let Err(cause) = projections.fold::<Balances>(AsOf::Newest).await else { return Err("it is folded".into()) };
        assert!(is_unknown(&cause, frozen), "{cause:?}");
        assert_eq!(projections.fold::<Sums>(AsOf::Newest).await?, sums.read(Sums::clone)?);

        let cancelled = cancel(&store, 1).await?;
        let Err(WaitError::View(ViewError::Stopped { cause, .. })) = sums.not_older_than(cancelled, LONG).await else {
            return Err("it goes on".into());
        };
        assert!(is_unknown(&cause, cancelled), "{cause:?}");
        projections.stop().await;
    }
    Ok(())
}

fn is_unknown(cause: &FoldError, at: Checkpoint) -> bool {
    let FoldError::Read(ReadError::Decode { position, source, .. }) = cause else { return false };
    *position == at.position() && matches!(source, DecodeError::UnknownName)
}
