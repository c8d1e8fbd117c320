//! Appends, where PostgreSQL does them its own way.

use es_core::{Append, AppendError, EventStore, Expected, Version};

use crate::fixture::{Fixture, all, event, exact, one, stream};

#[tokio::test]
async fn what_is_appended_is_read_byte_for_byte() {
    let fixture = Fixture::new().await;
    let payload = r#"{ "b" : 1,"a":[ 0.1 ], "b":2 }"#;
    let events = vec![event(payload), event("null")];
    let appended =
        fixture.store.append(vec![Append::new(stream("1"), Expected::NoStream, events.clone())]).await.unwrap();
    assert_eq!(appended[0].version, Version::new(2));
    let stored = all(&fixture.store).await;
    assert_eq!(stored[0].payload, payload.as_bytes());
    assert_eq!(stored.iter().map(|event| event.id).collect::<Vec<_>>(), [events[0].id(), events[1].id()]);
    assert_eq!(stored.iter().map(|event| event.position).collect::<Vec<_>>(), appended[0].positions);
    assert_eq!(stored[0].metadata, None);
}

#[tokio::test]
async fn a_conflict_names_every_violated_expectation_with_its_version() {
    let fixture = Fixture::new().await;
    fixture.store.append(one("1", Expected::NoStream)).await.unwrap();
    let appends = [one("1", exact(7)), one("2", Expected::Exists), one("3", Expected::NoStream)].concat();
    let Err(AppendError::Conflict(conflict)) = fixture.store.append(appends).await else { panic!("no conflict") };
    let actual: Vec<_> = conflict.violations().map(|v| (v.stream.id().to_owned(), v.actual.get())).collect();
    assert_eq!(actual, [("1".to_owned(), 1), ("2".to_owned(), 0)]);
    assert_eq!(all(&fixture.store).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_append_is_answered_as_the_first_was() {
    let fixture = Fixture::new().await;
    let appends = [one("1", Expected::NoStream), one("2", Expected::Any)].concat();
    let first = fixture.store.append(appends.clone()).await.unwrap();
    fixture.store.append(one("1", Expected::Any)).await.unwrap();
    let again = fixture.store.append(appends).await.unwrap();
    assert!(again.iter().all(|appended| appended.repeated));
    for (first, again) in first.iter().zip(again) {
        assert_eq!(*first, es_core::Appended { repeated: false, ..again });
    }
}
