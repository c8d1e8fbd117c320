//! A short test that a store works at all.

use es_core::{Append, Direction, EventStore, Expected, Filter, NewEvent, Position, StreamId, Version};
use futures_util::TryStreamExt;

use crate::tools::workload::event;

/// Appends, repeats an append, provokes a conflict, and reads.
pub(crate) async fn appends_and_reads(store: &dyn EventStore) {
    let stream = StreamId::new("day", "1").unwrap();
    let append = Append::new(stream.clone(), Expected::NoStream, vec![event(), event()]);
    let first = store.append(append.clone().into()).await.unwrap();
    assert_eq!((first[0].version, first[0].repeated), (Version::new(2), false));
    let again = store.append(append.clone().into()).await.unwrap();
    assert!(again[0].repeated && again[0].positions == first[0].positions);
    let late = Append::new(stream.clone(), Expected::NoStream, vec![event()]);
    assert!(store.append(late.into()).await.is_err());
    let read: Vec<_> =
        store.read_stream(&stream, Version::FIRST, Direction::Forward, None).try_collect().await.unwrap();
    assert!(read.iter().map(|event| event.id).eq(append.events.iter().map(NewEvent::id)));
    let before = Position::new(first[0].positions[0].get() - 1);
    let all: Vec<_> = store.read_all(before.into(), &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(all, read);
}
