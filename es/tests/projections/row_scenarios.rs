//! Given events, then rows by key, also as a store keeps them.

use std::{collections::BTreeMap, fmt::Debug, panic::AssertUnwindSafe, sync::Arc};

use es::{
    Position, Row,
    prelude::*,
    testing::{RowScenario, row_scenario},
};
use futures_util::FutureExt;

use super::{
    TestResult,
    domain::{Account, Deposited, Opened, Order, Placed, deposit},
    forgetful::Forgetful,
    models::{Amount, Customer},
    scenarios::{message, panic_of},
    stores,
};

fn customers() -> RowScenario<Customer> {
    row_scenario::<Customer>()
        .given::<Account>("ada", (Opened { owner: "Ada".into() }, Deposited { amount: 5 }, Deposited { amount: 6 }))
        .given::<Order>(7, Placed { customer: "eve".into(), total: 3 })
        .given::<Account>("eve", Deposited { amount: 1 })
        .given::<Account>("ada", Deposited { amount: 2 })
}

fn expected() -> [(String, Customer); 2] {
    let (ada, eve) =
        (Customer { paid_in: 13, ..Customer::default() }, Customer { paid_in: 1, ordered: 3, first_order: Some(7) });
    [("eve".into(), eve), ("ada".into(), ada)]
}

#[test]
fn given_events_make_rows() {
    customers().then(expected());
    assert_eq!(customers().rows()["ada"].paid_in, 13);
    row_scenario::<Amount>().given::<Account>("ada", Deposited { amount: 5 }).then([]);
    row_scenario::<Amount>()
        .given::<Order>(1, Placed { customer: "ada".into(), total: 100 })
        .then([(100, Amount { count: 1 })]);
}

#[test]
fn other_rows_are_shown_line_by_line() {
    let [eve, (ada, row)] = expected();
    let text = panic_of(|| customers().then([eve, (ada, Customer { paid_in: 12, ..row })]));
    assert!(text.starts_with("the rows are others\n(- expected, + folded)"), "{text}");
    assert!(text.contains("-            paid_in: 12,\n+            paid_in: 13,"), "{text}");
    let text = panic_of(|| customers().then([]));
    assert!(text.contains("+        \"eve\": Customer {"), "{text}");
}

#[test]
fn a_given_recorded_event_has_its_place() -> TestResult {
    let stream = StreamId::new("order", "7")?;
    let placed = Placed { customer: "eve".into(), total: 3 };
    let placed = Recorded::new(stream, Version::new(2), Position::new(9), placed);
    let eve = Customer { ordered: 3, first_order: Some(7), ..Customer::default() };
    row_scenario::<Customer>().given_recorded::<Order>(placed).then([("eve".to_owned(), eve)]);
    Ok(())
}

/// Rows of which a store keeps only a part.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Deposits {
    count: u64,
    #[serde(skip)]
    largest: u64,
}

#[es::project(name = "deposits", key = String, of(Account))]
impl Deposits {
    fn deposited(&mut self, event: &Deposited) {
        self.count += 1;
        self.largest = self.largest.max(event.amount);
    }
}

fn deposits() -> RowScenario<Deposits> {
    row_scenario::<Deposits>().given::<Account>("ada", [Deposited { amount: 5 }, Deposited { amount: 2 }])
}

#[test]
fn a_field_that_no_store_keeps_fails_the_test() {
    let text = panic_of(|| deposits().then([("ada".to_owned(), Deposits { count: 2, largest: 5 })]));
    assert!(text.starts_with("a row is another one once a store has kept it\n(- expected, + stored"), "{text}");
    assert!(text.contains("-            largest: 5,\n+            largest: 0,"), "{text}");
}

/// Rows whose states no store keeps.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Averages {
    of: BTreeMap<Option<u64>, u64>,
}

#[es::project(name = "averages", key = String, of(Account))]
impl Averages {
    fn deposited(&mut self, event: &Deposited) {
        self.of.insert(Some(event.amount), 1);
        self.of.insert(None, 1);
    }
}

#[test]
fn a_row_that_cannot_be_stored_fails_the_test() {
    let text = panic_of(|| drop(row_scenario::<Averages>().given::<Account>("ada", Deposited { amount: 1 })));
    let says = "given: `averages` cannot apply `account.deposited`: its row cannot be stored: ";
    assert!(text.starts_with(says), "{text}");
}

#[tokio::test]
async fn a_store_keeps_the_same_rows_although_answers_are_lost() -> TestResult {
    for (store, _folder) in stores().await? {
        customers().kept_by(store).await.then(expected());
    }
    Ok(())
}

async fn panic_of_kept_by<R: Row<Key = String> + Debug + PartialEq>(
    scenario: RowScenario<R>,
    store: impl EventStore + Clone,
) -> String {
    let kept = AssertUnwindSafe(scenario.kept_by(store)).catch_unwind().await;
    message(&*kept.map(drop).expect_err("it panics"))
}

#[tokio::test]
async fn a_field_that_the_store_does_not_keep_fails_the_test() -> TestResult {
    for (store, _folder) in stores().await? {
        let text = panic_of_kept_by(deposits(), store).await;
        assert!(text.starts_with("the store keeps other rows than those of its log\n(- expected, + kept)"), "{text}");
        assert!(text.contains("-            largest: 5,\n+            largest: 0,"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_not_empty_fails_the_test() -> TestResult {
    for (store, _folder) in stores().await? {
        deposit(&store, "ada", 1).await?;
        let text = panic_of_kept_by(customers(), store).await;
        assert_eq!(text, "`customers` is not kept by the store: it holds events already");
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_applied_twice_after_a_lost_answer_fails_the_test() -> TestResult {
    let store = Forgetful::new(es::connect("memory:").await?);
    let text = panic_of_kept_by(customers(), Arc::new(store)).await;
    assert!(text.starts_with("the store keeps other rows than those of its log\n"), "{text}");
    assert!(text.contains("-            paid_in: 13,\n"), "{text}");
    Ok(())
}
