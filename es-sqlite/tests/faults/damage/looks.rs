//! Looks at a damaged log in every way that readers have.

use std::path::Path;

use es_core::{
    Append, AppendError, AppendRequest, AsOf, Checkpoint, Direction, EventStore, Expected, Filter, Position, ReadError,
    ReadModelError, ReadModels, Snapshots, StoredEvent, StreamId, Version,
};
use es_sqlite::{SqliteError, SqliteStore};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use uuid::Uuid;

use super::written::{CATEGORIES, NAMES, Written, model};

/// What a look at the log showed. Other bytes than were written are an error of their own: a panic of the test.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Look {
    /// The errors.
    pub(super) errors: Vec<String>,
    /// What was missing, though there was no error.
    pub(super) missing: Vec<String>,
    /// What `verify` found.
    pub(super) problems: Vec<String>,
}

impl Look {
    /// Whether all was read as it was written, and `verify` found nothing.
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    /// Fails when something is missing that neither an error nor `verify` tells of.
    pub(super) fn assert_honest(&self, flip: &str) {
        let told = self.missing.is_empty() || !self.problems.is_empty();
        assert!(told, "{flip}: nothing tells that {:?} is missing; errors: {:?}", self.missing, self.errors);
    }

    /// Notes an error, which must be one of a damaged file.
    fn error(&mut self, way: &str, error: &(dyn std::error::Error + 'static)) {
        self.errors.push(format!("{way}: {error:?}"));
    }
}

/// The error says that the file is damaged: no wait mends it, and no thread has panicked.
fn assert_is_of_damage(way: &str, error: &ReadError) {
    assert!(!error.is_transient(), "{way}: {error:?}");
    if let ReadError::Store(error) = error {
        assert!(!matches!(error.downcast_ref(), Some(SqliteError::Closed)), "{way}: a thread has panicked");
    }
}

/// Compares what a reader gives with what was written. `gapless` is for readers that must not leave anything out before their end.
async fn compare(
    look: &mut Look,
    way: &str,
    mut found: BoxStream<'_, Result<StoredEvent, ReadError>>,
    expected: impl Iterator<Item = &StoredEvent>,
    gapless: bool,
) {
    let mut expected = expected.peekable();
    let mut less = false;
    while let Some(event) = found.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                assert_is_of_damage(way, &error);
                return look.error(way, &error);
            }
        };
        if gapless {
            assert_eq!(expected.next(), Some(&event), "{way}: another event was read");
        } else {
            less |= expected.peek() != Some(&&event);
            assert!(expected.any(|written| *written == event), "{way}: another event was read: {event:?}");
        }
    }
    if less || expected.next().is_some() {
        look.missing.push(way.to_owned());
    }
}

/// The filters by which the log is read.
fn filters() -> Vec<Filter> {
    let mut filters: Vec<_> = CATEGORIES.iter().map(|(category, _)| Filter::all().category(*category)).collect();
    filters.extend(NAMES.iter().map(|name| Filter::all().name(*name)));
    filters.push(Filter::all().category("account").name("paid").name("sent"));
    // More kinds than are merged from their index.
    filters.push(NAMES[..10].iter().fold(Filter::all(), |filter, name| filter.name(*name)));
    filters.extend([0..=511, 512..=1023].map(|slices| Filter::all().slices(slices)));
    filters.push(Filter::all().category("order").slices(0..=700));
    filters
}

/// Reads all that the store holds, in every way.
pub(super) async fn look(store: &SqliteStore, written: &Written) -> Look {
    let mut look = Look::default();
    let end = Checkpoint::from(Position::MAX);
    let pages = |direction, filter: &Filter| {
        let from = if direction == Direction::Forward { Checkpoint::START } else { end };
        let pages = store.read_pages(from, direction, filter, None);
        let events = pages.flat_map(|page| {
            futures_util::stream::iter(match page {
                Ok(page) => page.events.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        });
        events.boxed()
    };
    for filter in [Filter::all()].into_iter().chain(filters()) {
        let accepted = |event: &&StoredEvent| filter.accepts(&event.stream, &event.name);
        let forward = written.events.iter().filter(accepted);
        let gapless = filter == Filter::all();
        let way = format!("the log forward, {filter:?}");
        compare(&mut look, &way, pages(Direction::Forward, &filter), forward.clone(), gapless).await;
        let way = format!("the log backward, {filter:?}");
        compare(&mut look, &way, pages(Direction::Backward, &filter), forward.rev(), gapless).await;
    }
    for stream in written.streams() {
        let of_stream = written.events.iter().filter(|event| event.stream == stream);
        let forward = store.read_stream(&stream, Version::FIRST, Direction::Forward, None);
        compare(&mut look, &format!("{stream} forward"), forward, of_stream.clone(), true).await;
        // Backwards its beginning may be hidden: then what is read must still be in its place.
        let backward = store.read_stream(&stream, Version::MAX, Direction::Backward, None);
        compare(&mut look, &format!("{stream} backward"), backward, of_stream.clone().rev(), false).await;
        look_at_snapshots(&mut look, store, written, &stream).await;
    }
    look_at_read_model(&mut look, store, written).await;
    match store.verify().await {
        Ok(verified) => look.problems = verified.problems,
        Err(error) => look.problems.push(format!("{error:?}")),
    }
    look
}

async fn look_at_snapshots(look: &mut Look, store: &SqliteStore, written: &Written, stream: &StreamId) {
    let newest = written.snapshots.iter().rev().find(|snapshot| snapshot.stream == *stream);
    match store.nearest(stream, "state 1", AsOf::Newest).await {
        Ok(Some(found)) => {
            assert!(written.snapshots.contains(&found), "another snapshot was read: {found:?}");
            if newest != Some(&found) {
                look.missing.push(format!("the newest snapshot of {stream}"));
            }
        }
        Ok(None) if newest.is_some() => look.missing.push(format!("the snapshot of {stream}")),
        Ok(None) => {}
        Err(error) => look.error("a snapshot", &error),
    }
}

/// Fails for an error of a read model that does not say that the file is damaged.
fn assert_is_of_a_damaged_read_model(error: &ReadModelError) {
    assert!(!error.is_transient(), "{error:?}");
    let ReadModelError::Store(error) = error else { panic!("{error:?}") };
    assert!(!matches!(error.downcast_ref(), Some(SqliteError::Closed)), "a thread has panicked");
}

async fn look_at_read_model(look: &mut Look, store: &SqliteStore, written: &Written) {
    let Some((status, rows)) = &written.read_model else { return };
    match store.statuses().await {
        Ok(mut found) => match found.pop() {
            Some(mut found) => {
                found.lease_left = None;
                assert_eq!(found, *status, "another read model was read");
            }
            None => look.missing.push("the read model".to_owned()),
        },
        Err(error) => {
            assert_is_of_a_damaged_read_model(&error);
            look.error("the read model", &error);
        }
    }
    match store.rows_after(&model(), None, 1_000).await {
        Ok(found) => {
            assert!(found.iter().all(|row| rows.contains(row)), "another row was read: {found:?}");
            if found != *rows {
                look.missing.push("rows".to_owned());
            }
        }
        Err(error) => {
            assert_is_of_a_damaged_read_model(&error);
            look.error("rows", &error);
        }
    }
    let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
    match store.rows(&model(), &keys).await {
        Ok(found) => {
            for (found, row) in found.into_iter().zip(rows) {
                match found {
                    Some(state) => assert_eq!(state, row.state, "another row was found"),
                    None => look.missing.push(format!("the row {}", row.key)),
                }
            }
        }
        Err(error) => {
            assert_is_of_a_damaged_read_model(&error);
            look.error("rows by their keys", &error);
        }
    }
}

/// Sends requests again that were answered before. A damaged log may refuse them. It may take them for new ones only where
/// `verify` found what is missing.
pub(super) async fn send_again(look: &mut Look, store: &SqliteStore, written: &Written, flip: &str) {
    for (request, answer) in written.requests.iter().step_by((written.requests.len() / 10) | 1) {
        match store.append(request.clone()).await {
            Ok(again) if again[0].repeated => {
                let same = (again[0].version, &again[0].positions, again[0].recorded_at)
                    == (answer[0].version, &answer[0].positions, answer[0].recorded_at);
                assert!(same, "{flip}: answered {again:?} and not {answer:?}");
            }
            Ok(_) => look.missing.push("an append".to_owned()),
            Err(error) => look.error("an append", &error),
        }
        let Some(key) = request.keys().first() else { continue };
        // Another request, so that the key alone can tell.
        let other = StreamId::new("other", key.key()).unwrap();
        let event = request.events().next().unwrap().clone().with_id(Uuid::now_v7());
        let other: AppendRequest = Append::new(other, Expected::Any, vec![event]).into();
        match store.append(other.with_key(key.clone())).await {
            Ok(_) => look.missing.push("a key".to_owned()),
            Err(AppendError::KeyTaken(taken)) => {
                let taken = taken.first();
                assert!(taken.same_digest() && taken.outcome() == key.outcome(), "{flip}: another key was read");
            }
            Err(error) => look.error("a key", &error),
        }
    }
    look.assert_honest(flip);
}

/// Opens the damaged file, looks at it, and closes it. `None` when it was refused.
pub(super) async fn open_and_look(path: &Path, written: &Written, flip: &str) -> Option<(SqliteStore, Look)> {
    match SqliteStore::open(path).await {
        Ok(store) => {
            let look = look(&store, written).await;
            Some((store, look))
        }
        Err(error) => {
            assert!(!error.kind().is_transient(), "{flip}: {error:?}");
            None
        }
    }
}
