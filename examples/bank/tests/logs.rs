//! Stored events that older releases of the bank wrote, in today's export format: today's bank reads the same balances and read models from them.

use std::{collections::BTreeMap, sync::Arc};

use bank::{
    domain::{AccountId, Money},
    import::import,
    ledger::Ledger,
    overview::Overview,
    read_models::{Days, ReadModels},
    statement::{Statement, Until},
};
use es::{Append, EventName, Expected, NewEvent, SchemaVersion, prelude::*};
use serde_json::value::RawValue;

const FIRST: &str = include_str!("logs/first.jsonl");
const SECOND: &str = include_str!("logs/second.jsonl");
const THIRD: &str = include_str!("logs/third.jsonl");
const FOURTH: &str = include_str!("logs/fourth.jsonl");

#[derive(Deserialize)]
struct Line<'a> {
    id: &'a str,
    stream: StreamId,
    version: Version,
    name: EventName,
    schema_version: SchemaVersion,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// A store with the stored events of `log`.
async fn store(log: &str) -> Arc<dyn EventStore> {
    let store = es::connect("memory:").await.expect("a store");
    for line in log.lines() {
        let line: Line<'_> = serde_json::from_str(line).expect("a line of a log");
        let event = NewEvent::from_json(
            line.id.parse().expect("an id"),
            line.name,
            line.schema_version,
            line.payload.get().to_owned(),
        )
        .expect("an event");
        let expected = Expected::Exact(Version::new(line.version.get() - 1));
        store.append(Append::new(line.stream, expected, vec![event]).into()).await.expect("appended");
    }
    store
}

fn balances(overview: &Overview) -> BTreeMap<AccountId, Money> {
    overview.accounts.iter().map(|(id, (account, _))| (*id, account.balance)).collect()
}

async fn assert_same_balances(log: &str) {
    let ledger = Ledger::small().expect("well formed");
    let today = es::connect("memory:").await.expect("a store");
    import(&ledger, &today, || ()).await.expect("booked");
    let expected = balances(&Overview::read(&today).await.expect("read"));

    let models = ReadModels::new(&today);
    let store = store(log).await;
    let old_models = ReadModels::new(&store);
    let turnover = old_models.turnover(Days::ALL).await.expect("folded");
    assert_eq!((turnover.len(), &turnover), (17, &models.turnover(Days::ALL).await.expect("folded")));
    let top = old_models.top(9).await.expect("folded");
    assert_eq!((top.len(), &top), (3, &models.top(9).await.expect("folded")));
    for account in expected.keys() {
        let partners = old_models.partners(*account).await.expect("folded").expect("an account");
        assert_eq!(Some(partners), models.partners(*account).await.expect("folded"));
    }

    let overview = Overview::read(&store).await.expect("every event is readable");
    assert_eq!(balances(&overview), expected);
    assert_eq!(overview.events, log.lines().count() as u64);

    // It also recognises every transaction, with the balance after it.
    let again = import(&ledger, &store, || ()).await.expect("booked");
    assert_eq!((again.already_booked, again.events), (24, 0));
    assert_eq!(again.disagreements, []);
}

#[tokio::test]
async fn the_first_bank() {
    assert_same_balances(FIRST).await;
}

#[tokio::test]
async fn the_second_bank() {
    assert_same_balances(SECOND).await;
}

#[tokio::test]
async fn the_third_bank() {
    assert_same_balances(THIRD).await;
}

#[tokio::test]
async fn the_fourth_bank() {
    assert_same_balances(FOURTH).await;
}

#[tokio::test]
async fn an_event_that_became_two_or_none_keeps_its_version() {
    let store = store(FIRST).await;
    let now = Statement::read(&store, 1.into(), Until::Now).await.expect("an account");
    let versions: Vec<_> = now.lines.iter().map(|line| line.version.get()).collect();
    assert_eq!(versions, [1, 1, 2, 3, 4, 6, 7, 9, 11, 12], "versions 5, 8 and 10 are statements, and nothing today");
    assert_eq!(now.version, 12);
    let then = Statement::read(&store, 1.into(), Until::Version(Version::new(5))).await.expect("an account");
    assert_eq!((then.version, then.account.balance), (Version::new(5), Money::from_minor(78_850)));
}
