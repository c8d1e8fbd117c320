//! `projections`: what the list tells, and what it and the questions do with a read model that is paused or has stopped.

use std::{error::Error, sync::Arc, time::Duration};

use bank::read_models::Turnover;
use es::{
    Position, ReadModelFailure, ReadModelState, Row, Version,
    prelude::*,
    store::{Claimed, ReadModelId, ReadModelStep},
};

use crate::{generated, oracle, program::Bank};

/// The banks whose books another program can open.
fn banks(ledger: &str) -> impl Iterator<Item = Bank> {
    Bank::each(ledger).into_iter().filter(Bank::keeps_its_books)
}

fn list(bank: &Bank) -> Vec<String> {
    bank.ok(&["projections", "--csv"]).lines().map(str::to_owned).collect()
}

#[test]
fn the_list_has_a_line_for_each_read_model_which_has_everything() {
    let ledger = generated::ledger(300, 3);
    for bank in Bank::each(&ledger) {
        let lines = list(&bank);
        assert_eq!(lines[0], "name,version,state,position,behind");
        let events = bank.ok(&["log"]).lines().count();
        assert_eq!(lines[1..], ["balances", "partners", "turnover"].map(|name| format!("{name},1,live,{events},0")));
        let table = bank.ok(&["projections"]);
        assert!(table.starts_with("name ") && table.contains("live") && table.lines().count() == 4, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_answers_nothing_and_is_listed_as_it_is() -> Result<(), Box<dyn Error>> {
    let ledger = generated::ledger(300, 4);
    for bank in banks(&ledger) {
        let before = list(&bank);
        let store = es::connect(&bank.url()).await?;
        let projections = store.projections().follow(Turnover::default());
        projections.pause("turnover").await?;
        bank.fails(&["turnover", "--csv"], "projection `turnover` is paused");
        bank.fails(&["projections", "rebuild", "turnover"], "projection `turnover` is paused");
        let withdrawn = bank.run(&["withdraw", &generated::ACCOUNTS[0].to_string(), "999999999999999"]);
        assert_eq!(withdrawn.code, Some(3), "it is refused, and that is recorded: {withdrawn:?}");
        let lines = list(&bank);
        let events = bank.ok(&["log"]).lines().count();
        assert_eq!(lines[1], format!("balances,1,live,{},0", events - 1), "it ignores a refusal");
        assert_eq!(lines[3], before[3].replace("live", "paused").replace(",0", ",1"));
        assert!(bank.ok(&["top", "1", "--csv"]).lines().count() == 2, "the others answer");
        projections.resume("turnover").await?;
        assert_eq!(bank.ok(&["turnover", "--csv"]), oracle::turnover(&ledger, "0000-01-01", "9999-12-31"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_stopped_answers_nothing_until_it_is_rebuilt() -> Result<(), Box<dyn Error>> {
    let ledger = generated::ledger(300, 5);
    for bank in banks(&ledger) {
        list(&bank);
        let store = es::connect(&bank.url()).await?;
        stop(&store).await?;
        let stopped = list(&bank).remove(3);
        assert!(stopped.starts_with("turnover,1,stopped,"), "{stopped}");
        bank.fails(&["turnover", "--csv"], "projection `turnover` is stopped: event 1 of stream `account/1`");
        assert_eq!(bank.ok(&["projections", "rebuild", "turnover"]), "");
        assert_eq!(bank.ok(&["turnover", "--csv"]), oracle::turnover(&ledger, "0000-01-01", "9999-12-31"));
        bank.fails(&["projections", "rebuild", "turnovers"], "no read model is called `turnovers`");
    }
    Ok(())
}

/// Stops the turnover, as a program does whose method fails.
async fn stop(store: &Arc<dyn EventStore>) -> Result<(), Box<dyn Error>> {
    let read_models = store.read_models().ok_or("it keeps read models")?;
    let model = ReadModelId::new(<Turnover as Row>::NAME, 1)?;
    let Claimed::Owned(claim) = read_models.claim(&model, "a test", Duration::from_secs(1)).await? else {
        return Err("somebody owns it".into());
    };
    let mut step = ReadModelStep::new(claim.handled, claim.seen, ReadModelState::Stopped);
    let stream = StreamId::new("account", "1")?;
    step.failure = Some(ReadModelFailure::new(stream, Version::FIRST, Position::new(1), 6, "on purpose"));
    Ok(read_models.advance(&claim, step).await?)
}
