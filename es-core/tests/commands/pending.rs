//! A root before its append: recorded, applied and pending events.

use es_core::{Expected, Metadata, Position, Repository, Root, Timestamp, Version};

use crate::aggregate::{Measure, Measured, Series, SeriesEvent, id, measured, series};

fn value(event: &SeriesEvent) -> f64 {
    let SeriesEvent::Measured(Measured { value }) = event;
    *value
}

#[test]
fn all_events_of_a_decision_are_recorded() {
    for count in 0..6 {
        let values: Vec<f64> = (0..count).map(f64::from).collect();
        let mut handled = Root::<Series>::new(id()).unwrap();
        handled.handle(Measure(values.clone())).unwrap();
        let mut recorded = Root::<Series>::new(id()).unwrap();
        recorded.record(measured(&values));
        for root in [handled, recorded] {
            assert_eq!(root.state().values, values);
            assert_eq!(root.pending().map(value).collect::<Vec<_>>(), values);
            let append = root.to_append().unwrap();
            assert_eq!((append.expected, append.events.len()), (Expected::Exact(Version::NONE), values.len()));
            for (event, value) in append.events.iter().zip(&values) {
                assert_eq!(event.payload(), &format!(r#"{{"value":{value:.1}}}"#), "in order");
            }
            assert_eq!(root.to_append().unwrap(), append, "the same append again, with the same ids");
        }
    }
}

#[test]
fn a_new_root_has_version_0_and_its_stream() {
    let root = Root::<Series>::new(id()).unwrap();
    assert_eq!((root.id(), root.stream().category(), root.stream().id()), (&id(), "series", "a"));
    assert_eq!((root.version(), root.pending().len(), root.state()), (Version::NONE, 0, &Series::default()));
    let assertion = root.assertion();
    assert_eq!((assertion.expected, assertion.events.len()), (Expected::Exact(Version::NONE), 0));
    assert!(Root::<Series>::new("a\0".to_owned()).is_err());
}

#[tokio::test]
async fn an_append_without_events_does_not_call_the_store() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    let nothing = repository.append(&mut root).await.unwrap();
    assert_eq!((nothing.version, nothing.positions, nothing.recorded_at), (Version::NONE, vec![], None));
    assert!(!nothing.repeated && &nothing.stream == root.stream());
    root.record(measured(&[1.0, 2.0]));
    repository.append(&mut root).await.unwrap();
    let nothing = repository.append(&mut root).await.unwrap();
    assert_eq!((nothing.version.get(), nothing.positions.len(), store.asked().len()), (2, 0, 1));
    let assertion = root.assertion();
    assert_eq!((assertion.stream, assertion.expected), (root.stream().clone(), Expected::Exact(Version::new(2))));
}

#[test]
fn settled_events_have_the_versions_and_positions_of_the_answer() {
    let mut root = Root::<Series>::new(id()).unwrap();
    root.set_metadata(Metadata::new().with_actor("Ada"));
    root.record(measured(&[1.0, 2.0, 3.0]));
    let recorded_at = Timestamp::from_micros(77).unwrap();
    let positions = [4, 40, 41].map(Position::new).to_vec();
    root.settle(&es_core::Appended::new(root.stream().clone(), Version::new(9), positions, recorded_at));
    assert_eq!((root.version().get(), root.pending().len()), (9, 0));
    let recorded = root.take_recorded();
    let places: Vec<_> = recorded.iter().map(|event| (event.version.get(), event.position.get())).collect();
    assert_eq!(places, [(7, 4), (8, 40), (9, 41)]);
    assert!(recorded.iter().all(|event| event.recorded_at == recorded_at && event.part == 0));
    assert_eq!(recorded.iter().map(|event| value(&event.event)).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
}

#[test]
fn debug_shows_the_stream_the_version_and_the_names_of_pending_events() {
    let mut root = Root::<Series>::new(id()).unwrap();
    root.record(Measured { value: 1.0 });
    let shown = format!("{root:?}");
    for part in ["Root", "\"series\"", "\"a\"", "version: Version(0)", "values: [1.0]", "[\"series.measured\"]"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}
