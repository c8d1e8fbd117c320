//! Views that cannot go on, and stores that fail.

use std::{error::Error, sync::Arc};

use es::{AsOf, FoldError, Live, ReadError, StoreErrorKind, View, ViewError, WaitError, prelude::*};

use super::{
    LONG, TestResult,
    domain::{Deposited, Order, Placed, after, deposit, fill},
    models::{Balances, Sums},
    stores,
    watched::Watched,
};

/// Why `view` stopped.
async fn stopped<V: View>(view: &Live<V>) -> Result<Arc<FoldError>, Box<dyn Error>> {
    let waited = view.not_older_than(es::Position::MAX, LONG).await;
    let Err(WaitError::View(ViewError::Stopped { view: name, cause })) = waited else {
        return Err(format!("{waited:?}").into());
    };
    assert_eq!(name, V::NAME);
    assert!(matches!(view.read(|_| ()), Err(ViewError::Stopped { .. })));
    Ok(cause)
}

#[tokio::test]
async fn a_view_whose_event_does_not_decode_stops_alone() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections();
        let (balances, orders) = (projections.live::<Balances>(), projections.live::<Orders>());
        tokio::spawn(projections.run());
        balances.not_older_than(store.frontier().await?, LONG).await?;
        let newer = store.repository::<after::Account>();
        newer.update(&"zoe".into(), |_| after::Deposited { amount: 1, note: "x".into() }).await?;
        let cause = stopped(&balances).await?;
        let FoldError::Read(ReadError::Decode { stream, version, .. }) = &*cause else {
            return Err(format!("{cause:?}").into());
        };
        assert_eq!((stream.id(), version.get()), ("zoe", 1));
        assert!(cause.to_string().contains("account/zoe"), "{cause}");

        store.repository::<Order>().update(&3, |_| Placed { customer: "ada".into(), total: 1 }).await?;
        orders.not_older_than(store.frontier().await?, LONG).await?;
        assert_eq!(orders.read(|orders| orders.0)?, 3);
        projections.stop().await;
        assert!(matches!(balances.read(|_| ()), Err(ViewError::Stopped { .. })), "it keeps its reason");
    }
    Ok(())
}

/// Counts orders.
#[derive(Default)]
struct Orders(u64);

#[es::project(name = "orders", of(Order))]
impl Orders {
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

/// Fails at one amount, and panics at another.
#[derive(Default)]
struct Choosy;

#[es::project(name = "choosy", of(super::domain::Account))]
impl Choosy {
    fn deposited(&mut self, event: &Deposited) -> Result<(), &'static str> {
        assert!(event.amount != 13, "thirteen");
        if event.amount == 12 { Err("twelve") } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_method_that_fails_stops_its_view_alone() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections();
        let (choosy, sums) = (projections.live::<Choosy>(), projections.live::<Sums>());
        tokio::spawn(projections.run());
        deposit(&store, "ada", 1).await?;
        deposit(&store, "ada", 12).await?;
        let last = deposit(&store, "ada", 3).await?;
        let cause = stopped(&choosy).await?;
        let FoldError::Failed { projection: "choosy", stream, version, source, .. } = &*cause else {
            return Err(format!("{cause:?}").into());
        };
        assert_eq!((stream.id(), version.get(), source.to_string().as_str()), ("ada", 2, "twelve"));
        sums.not_older_than(last, LONG).await?;
        assert_eq!(sums.read(Sums::clone)?, projections.fold(AsOf::Newest).await?);
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_panic_stops_its_view_alone() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections();
        let (choosy, sums) = (projections.live::<Choosy>(), projections.live::<Sums>());
        tokio::spawn(projections.run());
        let failing = deposit(&store, "ada", 13).await?;
        let cause = stopped(&choosy).await?;
        assert!(
            matches!(&*cause, FoldError::Panicked { projection: "choosy", position, .. } if *position == failing.position()),
            "{cause:?}"
        );
        sums.not_older_than(deposit(&store, "ada", 1).await?, LONG).await?;
        assert_eq!(sums.read(|sums| sums.deposited)?, 14);
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_away_is_asked_again() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let watched = Watched::new(&store);
        watched.fail(&[StoreErrorKind::Unavailable, StoreErrorKind::TimedOut]);
        let projections = watched.projections();
        let sums = projections.live::<Sums>();
        tokio::spawn(projections.run());
        sums.not_older_than(store.frontier().await?, LONG).await?;
        watched.fail(&[StoreErrorKind::Busy, StoreErrorKind::Moved]);
        sums.not_older_than(deposit(&store, "ada", 1).await?, LONG).await?;
        assert_eq!(sums.read(Sums::clone)?, projections.fold(AsOf::Newest).await?);
        projections.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_does_not_come_back_stops_every_view() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let watched = Watched::new(&store);
        let projections = watched.projections();
        let (sums, orders) = (projections.live::<Sums>(), projections.live::<Orders>());
        tokio::spawn(projections.run());
        sums.not_older_than(store.frontier().await?, LONG).await?;
        watched.close();
        for cause in [stopped(&sums).await?, stopped(&orders).await?] {
            assert!(
                matches!(&*cause, FoldError::Read(ReadError::Store(error)) if error.kind() == StoreErrorKind::Closed),
                "{cause:?}"
            );
        }
        projections.stop().await;
    }
    Ok(())
}

/// Wants one event of accounts.
#[derive(Default)]
struct Owners(u64);

#[es::project(name = "owners", of(super::domain::Account))]
impl Owners {
    fn opened(&mut self, _: &super::domain::Opened) {
        self.0 += 1;
    }
}

#[tokio::test]
async fn an_event_that_only_another_view_wants_does_not_stop_a_view() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections();
        let (balances, owners) = (projections.live::<Balances>(), projections.live::<Owners>());
        tokio::spawn(projections.run());
        let newer = store.repository::<after::Account>();
        newer.update(&"zoe".into(), |_| after::Deposited { amount: 1, note: "x".into() }).await?;
        drop(stopped(&balances).await?);
        owners.not_older_than(store.frontier().await?, LONG).await?;
        assert_eq!(owners.read(|owners| owners.0)?, 0);
        projections.stop().await;
    }
    Ok(())
}
