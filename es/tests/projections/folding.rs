//! Views and rows by key, folded once.

use es::{AsOf, DecodeError, FoldError, Position, ReadError, Row, Rows, prelude::*};

use super::{
    TestResult,
    domain::{Opened, Order, Placed, after, deposit, fill},
    models::{Amount, Balances, Customer, Sums},
    stores,
};

fn balances<const N: usize>(of: [(&str, u64); N]) -> Balances {
    Balances {
        owners: [("ada", "Ada"), ("eve", "Eve")].map(|(id, owner)| (id.into(), owner.into())).into(),
        of: of.map(|(id, amount)| (id.into(), amount)).into(),
    }
}

#[tokio::test]
async fn a_view_is_the_fold_of_the_log_also_over_retired_events() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections();
        assert_eq!(projections.fold::<Balances>(AsOf::Newest).await?, Balances::default());
        fill(&store).await?;
        assert_eq!(projections.fold::<Balances>(AsOf::Newest).await?, balances([("ada", 15), ("eve", 7)]));
    }
    Ok(())
}

#[tokio::test]
async fn a_view_over_two_aggregates_receives_their_events_in_the_order_of_the_log() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let sums = store.projections().fold::<Sums>(AsOf::Newest).await?;
        assert_eq!(sums, Sums { deposited: 22, placed: 7, order: vec![5, 7, 3, 4, 10] });
    }
    Ok(())
}

#[tokio::test]
async fn rows_have_the_id_of_the_stream_as_key_or_what_a_method_says() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let customers = store.projections().fold::<Rows<Customer>>(AsOf::Newest).await?;
        let rows = [("ada", 15, 3, 1), ("eve", 7, 4, 2)].map(|(key, paid_in, ordered, first)| {
            (key.to_owned(), Customer { paid_in, ordered, first_order: Some(first) })
        });
        assert_eq!(customers, rows.into_iter().collect());
        assert_eq!(customers.get("eve").map(|row| row.paid_in), Some(7));
    }
    Ok(())
}

#[tokio::test]
async fn an_event_changes_no_row_or_several_each_once_and_keys_are_in_their_own_order() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let amounts = store.projections().fold::<Rows<Amount>>(AsOf::Newest).await?;
        let counts: Vec<_> = amounts.into_iter().map(|(key, row)| (key, row.count)).collect();
        assert_eq!(counts, [(1, 1), (3, 1), (4, 1), (7, 1), (10, 1), (100, 2)]);
    }
    Ok(())
}

#[test]
fn a_projection_has_the_constants_that_the_macro_was_given() {
    assert_eq!((Customer::NAME, Customer::VERSION, Customer::GLOBAL_ORDER), ("customers", 3, true));
    assert_eq!((Amount::NAME, Amount::VERSION, Amount::GLOBAL_ORDER), ("amounts", 1, false));
}

#[tokio::test]
async fn a_view_is_folded_as_of_a_position_and_as_of_a_time() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let projections = store.projections();
        let events: Vec<_> = store.stored_events().read().try_collect().await?;
        let before: Vec<_> = events.iter().filter(|event| event.name == "account.deposited").collect();
        let [first, last] = before[..] else { return Err("two deposits".into()) };
        for (as_of, of) in [
            (Position::START, vec![]),
            (first.position, vec![5]),
            (Position::new(last.position.get() - 1), vec![5, 7, 3, 4]),
            (last.position, vec![5, 7, 3, 4, 10]),
            (Position::MAX, vec![5, 7, 3, 4, 10]),
        ] {
            let sums = projections.fold::<Sums>(AsOf::Position(as_of)).await?;
            assert_eq!(sums.order, of, "as of {as_of}");
        }
        let (mut early, mut late) = (0, 0);
        for event in &events {
            let at = projections.fold::<Sums>(AsOf::Time(event.recorded_at)).await?;
            let expected = events.iter().filter(|other| other.recorded_at <= event.recorded_at);
            let expected = expected.filter(|event| {
                event.name != "account.opened" && event.name != "account.greeted" && event.name != "order.shipped"
            });
            let (seen, expected) = (at.order.len(), expected.count());
            assert_eq!(seen, expected, "as of {}", event.recorded_at);
            (early, late) = (if early == 0 { seen } else { early }, seen);
        }
        assert!(early >= 1 && late == 5, "{early} and {late}");
        let none = projections.fold::<Sums>(AsOf::Time(es::Timestamp::UNIX_EPOCH)).await?;
        assert_eq!(none, Sums::default());
    }
    Ok(())
}

#[tokio::test]
async fn a_version_is_no_point_of_a_view() -> TestResult {
    for (store, _folder) in stores().await? {
        let refused = store.projections().fold::<Sums>(AsOf::Version(Version::FIRST)).await;
        assert!(matches!(refused, Err(FoldError::AsOfVersion)), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_does_not_decode_is_named() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let newer = store.repository::<after::Account>();
        newer.update(&"zoe".into(), |_| after::Deposited { amount: 1, note: "x".into() }).await?;
        let refused = store.projections().fold::<Balances>(AsOf::Newest).await;
        let Err(FoldError::Read(ReadError::Decode { stream, version, source, .. })) = refused else {
            return Err(format!("{refused:?}").into());
        };
        assert_eq!((stream.id(), version), ("zoe", Version::FIRST));
        assert!(matches!(source, DecodeError::Newer { .. }), "{source:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_method_that_fails_is_named_with_its_event() -> TestResult {
    for (store, _folder) in stores().await? {
        store.repository::<super::domain::Account>().update(&"ada".into(), |_| Opened { owner: "Ada".into() }).await?;
        deposit(&store, "ada", u64::MAX).await?;
        deposit(&store, "ada", 1).await?;
        let refused = store.projections().fold::<Balances>(AsOf::Newest).await;
        let Err(FoldError::Failed { projection, stream, version, source, .. }) = refused else {
            return Err(format!("{refused:?}").into());
        };
        assert_eq!((projection, stream.id(), version.get()), ("balances", "ada", 3));
        assert_eq!(source.to_string(), "the balance is too large");
    }
    Ok(())
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct ByNumber;

#[es::project(name = "by-number", key = u64, of(super::domain::Account))]
impl ByNumber {
    fn opened(&mut self, _: &Opened) {}
}

#[tokio::test]
async fn an_id_that_is_no_key_stops_at_its_event() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let refused = store.projections().fold::<Rows<ByNumber>>(AsOf::Newest).await;
        let Err(FoldError::Failed { version, source, .. }) = refused else {
            return Err(format!("{refused:?}").into());
        };
        assert_eq!(version, Version::FIRST);
        assert!(source.to_string().contains("is not a key of `by-number`"), "{source}");
        assert_eq!(source.source().map(ToString::to_string).as_deref(), Some("invalid digit found in string"));
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Panics;

#[es::project(name = "panics", of(Order))]
impl Panics {
    fn placed(&mut self, event: Placed) {
        assert!(event.total != 4, "four");
    }
}

#[tokio::test]
async fn a_panic_is_an_error_of_the_fold() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let refused = store.projections().fold::<Panics>(AsOf::Newest).await;
        let Err(FoldError::Panicked { projection, stream, .. }) = refused else {
            return Err(format!("{refused:?}").into());
        };
        assert_eq!((projection, stream.id()), ("panics", "2"));
    }
    Ok(())
}
