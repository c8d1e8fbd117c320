//! Views over a log that was restored, and so has another incarnation.

use std::sync::Arc;

use es::{AsOf, ReadError, WaitError, prelude::*};

use super::{
    LONG, TestResult,
    domain::{deposit, fill},
    models::{Balances, Sums},
    watched::Watched,
};

#[tokio::test]
async fn a_view_is_folded_anew_from_a_restored_log() -> TestResult {
    let before: Arc<dyn EventStore> = es::connect("memory:").await?;
    fill(&before).await?;
    let watched = Watched::new(&before);
    let projections = watched.projections();
    let (sums, balances) = (projections.live::<Sums>(), projections.live::<Balances>());
    tokio::spawn(projections.run());
    let lost = before.frontier().await?;
    sums.not_older_than(lost, LONG).await?;

    let restored = es::connect("memory:").await?;
    let kept = deposit(&restored, "ada", 2).await?;
    watched.exchange(&restored);
    sums.not_older_than(kept, LONG).await?;
    balances.not_older_than(kept, LONG).await?;
    assert_eq!(sums.read(Sums::clone)?, Sums { deposited: 2, placed: 0, order: vec![2] });
    assert_eq!(balances.read(Balances::clone)?, projections.fold(AsOf::Newest).await?);

    let refused = sums.not_older_than(lost, LONG).await;
    assert!(matches!(refused, Err(WaitError::Read(ReadError::Restored { .. }))), "{refused:?}");
    projections.stop().await;
    Ok(())
}
