//! `projections follow`: keeps the read models up to date, and stops in order.

use std::{error::Error, sync::Arc, time::Duration};

use bank::read_models::{Balance, NAMES, Partners, Turnover};
use es::{Projections, ReadModelState, prelude::*};

use crate::{
    generated,
    program::{Bank, Started},
};

const LONG: Duration = Duration::from_mins(1);

type TestResult = Result<(), Box<dyn Error>>;

/// The read models, as another program sees them.
async fn projections(bank: &Bank) -> Result<(Arc<dyn EventStore>, Projections<Arc<dyn EventStore>>), Box<dyn Error>> {
    let store = es::connect(&bank.url()).await?;
    let projections = store.projections();
    let projections = projections.follow(Balance::default()).follow(Partners::default()).follow(Turnover::default());
    Ok((store, projections))
}

/// Starts to follow, and waits until the program has said so.
fn follow(bank: &Bank) -> Started {
    let mut started = bank.start(&["projections", "follow"]);
    assert_eq!(started.first_line(), "keeping balances, partners, turnover up to date until Ctrl-C or SIGTERM\n");
    started
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_in_order_when_it_is_asked_to() -> TestResult {
    let ledger = generated::ledger(300, 6);
    for bank in Bank::each(&ledger).into_iter().filter(Bank::keeps_its_books) {
        for signal in ["-TERM", "-INT"] {
            let (store, projections) = projections(&bank).await?;
            let program = follow(&bank);
            projections.wait_for(&NAMES, store.frontier().await?, LONG).await?;
            let withdrawn = bank.run(&["withdraw", &generated::ACCOUNTS[0].to_string(), "1", "--on", "1999-01-01"]);
            assert!(matches!(withdrawn.code, Some(0 | 3)), "{withdrawn:?}");
            projections.wait_for(&NAMES, store.frontier().await?, LONG).await?;
            let statuses = projections.status().await?;
            assert!(statuses.iter().all(|status| status.owner.is_some()), "the program keeps them: {statuses:?}");

            assert_eq!(program.end_by(signal), Some(0), "{signal}");
            for status in projections.status().await? {
                assert_eq!((status.owner, status.state), (None, ReadModelState::Live), "{}, {signal}", status.name);
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn other_commands_answer_while_it_runs() -> TestResult {
    let ledger = generated::ledger(300, 7);
    for bank in Bank::each(&ledger).into_iter().filter(Bank::keeps_its_books) {
        let program = follow(&bank);
        let lines = bank.ok(&["projections", "--csv"]);
        assert!(lines.lines().skip(1).all(|line| line.contains(",live,")), "{lines}");
        assert_eq!(bank.ok(&["top", "1", "--csv"]).lines().count(), 2);
        bank.ok(&["projections", "rebuild", "balances"]);
        assert_eq!(bank.ok(&["top", "1", "--csv"]).lines().count(), 2);
        assert_eq!(program.end_by("-TERM"), Some(0));
    }
    Ok(())
}
