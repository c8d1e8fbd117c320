//! Given and then for views, also for rows by key as a view.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use es::{
    Metadata, Position, Recorded, Rows, StreamId, Timestamp, Version,
    testing::{ViewScenario, view_scenario},
};

use super::{
    TestResult,
    domain::{Account, Deposited, Opened, Order, Placed},
    models::{Amount, Customer, Sums},
};

/// The text of the panic of `then`.
pub(crate) fn panic_of(then: impl FnOnce()) -> String {
    message(&*catch_unwind(AssertUnwindSafe(then)).expect_err("it panics"))
}

pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

fn sums() -> ViewScenario<Sums> {
    view_scenario::<Sums>()
        .given::<Account>("ada", (Opened { owner: "Ada".into() }, Deposited { amount: 5 }))
        .given::<Order>(1, Placed { customer: "ada".into(), total: 3 })
        .given::<Account>("ada", Deposited { amount: 4 })
}

#[test]
fn given_events_make_the_view() {
    sums().then(Sums { deposited: 9, placed: 3, order: vec![5, 3, 4] });
    assert_eq!(sums().view().order, [5, 3, 4]);
}

#[test]
fn another_view_is_shown_line_by_line() {
    let text = panic_of(|| sums().then(Sums { deposited: 8, placed: 3, order: vec![5, 3, 4] }));
    assert!(text.contains("(- expected, + folded)"), "{text}");
    assert!(text.contains("-    deposited: 8,\n+    deposited: 9,"), "{text}");
}

#[test]
fn given_events_make_rows() {
    let rows: Rows<Customer> = view_scenario::<Rows<Customer>>()
        .given::<Account>("ada", [Deposited { amount: 5 }, Deposited { amount: 6 }])
        .given::<Order>(7, Placed { customer: "eve".into(), total: 3 })
        .view();
    let (ada, eve) = (
        Customer { paid_in: 11, ..Customer::default() },
        Customer { ordered: 3, first_order: Some(7), ..Customer::default() },
    );
    assert_eq!(rows, [("ada".to_owned(), ada), ("eve".to_owned(), eve)].into_iter().collect());
    view_scenario::<Rows<Amount>>().given::<Account>("ada", Deposited { amount: 5 }).then(Rows::default());
}

/// Keeps all that an event came with.
#[derive(Default)]
struct Places(Vec<Recorded<Deposited>>);

#[es::project(name = "places", of(Account))]
impl Places {
    fn deposited(&mut self, event: Recorded<Deposited>) {
        self.0.push(event);
    }
}

#[test]
fn given_recorded_events_have_their_place_time_and_metadata() -> TestResult {
    let mut deposited =
        Recorded::new(StreamId::new("account", "ada")?, Version::new(7), Position::new(20), Deposited { amount: 1 });
    deposited.recorded_at = Timestamp::now();
    deposited.metadata = Metadata::new().with_actor("eve");
    let places = view_scenario::<Places>()
        .given_recorded::<Account>(deposited.clone())
        .given::<Account>("ada", Deposited { amount: 2 })
        .view();
    let [first, second] = &places.0[..] else { return Err("two events".into()) };
    assert_eq!(*first, deposited);
    assert_eq!((second.version.get(), second.position.get()), (8, 21));
    Ok(())
}

/// Refuses every event.
#[derive(Default)]
struct Never;

#[es::project(name = "never", of(Account))]
impl Never {
    fn deposited(&mut self, _: &Deposited) -> Result<(), &'static str> {
        Err("not today")
    }
}

#[test]
fn a_method_that_fails_fails_the_test() {
    let text = panic_of(|| drop(view_scenario::<Never>().given::<Account>("ada", Deposited { amount: 1 })));
    assert_eq!(text, "given: `never` cannot apply `account.deposited`: not today");
}

#[test]
fn what_no_store_takes_fails_the_test() {
    let text = panic_of(|| drop(sums().given::<Account>("\0", Deposited { amount: 1 })));
    assert!(text.starts_with("given: `\0` is no id: "), "{text}");
    let stream = StreamId::new("order", "1").expect("a stream");
    let event = Recorded::new(stream, Version::FIRST, Position::new(9), Deposited { amount: 1 });
    let text = panic_of(|| drop(sums().given_recorded::<Account>(event)));
    assert_eq!(text, "given: a stream of `order` holds no events of `account`");
}
