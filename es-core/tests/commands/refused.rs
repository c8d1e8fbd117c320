//! A decision with an event that cannot be stored stores no event.

use es_core::{AppendError, EncodeError, ExecuteError, Repository, RepositoryExt, Root, Version};

use crate::aggregate::{Measure, Measured, Series, id, measured, series};

/// Decisions with at least one event that cannot be stored.
const BAD: [&[f64]; 6] = [
    &[f64::NAN],
    &[1.0, f64::NAN],
    &[f64::NAN, 1.0],
    &[1.0, 2.0, f64::INFINITY],
    &[1.0, f64::NEG_INFINITY, 2.0, 3.0],
    &[f64::NAN, f64::NAN],
];

fn not_finite(error: AppendError) {
    let AppendError::Encode(error) = error else { panic!("{error:?}") };
    assert_eq!(error, EncodeError::NotFinite { field: Some("value") });
}

#[tokio::test]
async fn one_bad_event_fails_its_whole_decision() {
    for values in BAD {
        let (store, repository) = series();
        for before in 0..2 {
            // In the second round the stream has one event.
            let Err(ExecuteError::Append(error)) = repository.execute(&id(), Measure(values.to_vec())).await else {
                panic!("{values:?} was stored in part")
            };
            not_finite(error);
            let Err(ExecuteError::Append(error)) = repository.update(&id(), |_| measured(values)).await else {
                panic!("{values:?} was stored in part")
            };
            not_finite(error);
            assert_eq!(store.asked().len(), before, "the store is not even asked");
            repository.execute(&id(), Measure(vec![5.0])).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_bad_event_is_not_applied_and_the_root_stays_refused() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.record(measured(&[1.0, f64::NAN, 2.0]));
    assert_eq!(root.state().values, [1.0, 2.0], "what cannot be stored is not applied");
    for _ in 0..2 {
        assert_eq!(root.to_append().unwrap_err(), EncodeError::NotFinite { field: Some("value") });
        not_finite(repository.append(&mut root).await.unwrap_err());
        // Good events after it do not make the root valid again.
        root.record(Measured { value: 3.0 });
    }
    assert_eq!((store.asked().len(), root.version()), (0, Version::NONE));
}

#[tokio::test]
async fn the_first_of_several_encode_errors_is_reported() {
    let mut root = Root::<Series>::new(id()).unwrap();
    root.record(Measured { value: f64::NAN });
    root.set_metadata(es_core::Metadata::new().with_actor("x".repeat(70_000)));
    root.record(Measured { value: f64::INFINITY });
    assert_eq!(root.to_append().unwrap_err(), EncodeError::NotFinite { field: Some("value") });
}

#[tokio::test]
async fn metadata_that_cannot_be_stored_fails_the_append() {
    for metadata in [es_core::Metadata::new().with_actor("x".repeat(70_000)), es_core::Metadata::new().with_actor("\0")]
    {
        let (store, repository) = series();
        let refused = repository.with_metadata(metadata).execute(&id(), Measure(vec![1.0])).await;
        assert!(matches!(refused, Err(ExecuteError::Append(AppendError::Encode(_)))), "{refused:?}");
        assert_eq!(store.asked().len(), 0);
    }
}
