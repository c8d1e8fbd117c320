//! Faults of reading.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use es_core::{
    Checkpoint, Direction, EventName, EventStore, Filter, Position, ReadError, SchemaVersion, StoredEvent, StreamId,
    Timestamp, Version, Visitor, limits,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, future::ready, stream};
use uuid::Uuid;

use crate::{append::failed, fault::Fault, store::Reads};

pub(crate) type Events<'a> = BoxStream<'a, Result<StoredEvent, ReadError>>;

pub(crate) fn read_stream<'a>(
    store: &'a Reads,
    stream: &StreamId,
    from: Version,
    direction: Direction,
    limit: Option<usize>,
) -> Events<'a> {
    let inner = &store.inner;
    let read = |from, direction, limit| inner.read_stream(stream, from, direction, limit);
    let events = match store.fault {
        Fault::MixesStreamsWithACommonPrefix => {
            let stream = stream.clone();
            let mixed = move |event: &StoredEvent| {
                event.stream.category().starts_with(stream.category()) && event.stream.id().starts_with(stream.id())
            };
            inner
                .read_all(Checkpoint::START, &Filter::all(), limit)
                .filter(move |event| ready(event.as_ref().is_ok_and(&mixed)))
                .boxed()
        }
        Fault::JoinsCategoryAndId => {
            let key = joined(stream);
            let mixed = move |event: &StoredEvent| joined(&event.stream) == key;
            inner
                .read_all(Checkpoint::START, &Filter::all(), limit)
                .filter(move |event| ready(event.as_ref().is_ok_and(&mixed)))
                .boxed()
        }
        Fault::IgnoresTheLimit => read(from, direction, None),
        Fault::ReadsOneTooFew => read(from, direction, limit.map(|limit| limit.saturating_sub(1))),
        Fault::StartsBehindTheVersion => read(from.plus(1), direction, limit),
        Fault::ReadsFromTheFirst if direction == Direction::Forward => read(Version::FIRST, direction, limit),
        Fault::ReadsForwardOnly => read(Version::FIRST, Direction::Forward, limit),
        Fault::ReadsTheFirstForTheLast if direction == Direction::Backward && limit == Some(1) => {
            read(Version::FIRST, Direction::Forward, limit)
        }
        Fault::StopsAfterAPage => read(from, direction, limit).take(256).boxed(),
        Fault::ReadsTheLastPastTheEnd if direction == Direction::Forward => {
            let last = inner.read_stream(stream, Version::MAX, Direction::Backward, Some(1));
            let last = last.filter(move |last| ready(last.as_ref().is_ok_and(|last| last.version < from)));
            read(from, direction, limit).chain(last).boxed()
        }
        Fault::AnUnknownStreamIsAnError => {
            let mut events = read(from, direction, limit).peekable();
            let unknown = stream.clone();
            async_stream::stream! {
                if std::pin::Pin::new(&mut events).peek().await.is_none() {
                    yield Err(ReadError::Store(failed(&format!("no stream `{unknown}`"))));
                }
                while let Some(event) = events.next().await {
                    yield event;
                }
            }
            .boxed()
        }
        Fault::CollectsBeforeItReads => collected(read(from, direction, limit)),
        Fault::VersionsHaveGaps => read(from, direction, limit)
            .map(|event| {
                event.map(|mut event| {
                    event.version = Version::new(event.version.get() * 2 - 1);
                    event
                })
            })
            .boxed(),
        Fault::AStreamIsNotInLogOrder if direction == Direction::Forward => {
            let mut first = None;
            read(from, direction, limit)
                .map(move |event| {
                    event.map(|mut event| {
                        event.position = *first.get_or_insert(event.position);
                        event
                    })
                })
                .boxed()
        }
        _ => read(from, direction, limit),
    };
    kept(store, visible(store, events)).map(changing(store)).boxed()
}

pub(crate) async fn visit_stream(
    store: &Reads,
    stream: &StreamId,
    from: Version,
    visitor: Visitor<'_>,
) -> Result<(), ReadError> {
    let from = if store.fault == Fault::VisitsFromTheFirst { Version::FIRST } else { from };
    let mut events = read_stream(store, stream, from, Direction::Forward, None);
    while let Some(event) = events.next().await {
        if visitor(&event?)?.is_break() && store.fault != Fault::ShowsAVisitorEverything {
            break;
        }
    }
    Ok(())
}

pub(crate) fn read_all<'a>(store: &'a Reads, after: Position, filter: &Filter, limit: Option<usize>) -> Events<'a> {
    let inner = &store.inner;
    let read = |after: Position, filter: &Filter, limit| inner.read_all(after.into(), filter, limit);
    let events = match store.fault {
        Fault::IgnoresTheLimit => read(after, filter, None),
        Fault::TakesAHugePositionForTheStart if after > Position::new(1 << 60) => read(Position::START, filter, limit),
        Fault::FindsNothingForABadFilter if limits::check_filter(filter).is_err() => stream::empty().boxed(),
        Fault::ReadsOneTooFew => read(after, filter, limit.map(|limit| limit.saturating_sub(1))),
        Fault::ReadsFromTheFirst => read(Position::START, filter, limit),
        Fault::ReadsTheLastPastTheEnd => {
            let last = inner.read_all(Checkpoint::START, filter, None).filter(move |last| {
                ready(last.as_ref().is_ok_and(|last| last.position <= after && after == Position::MAX))
            });
            read(after, filter, limit).chain(last).boxed()
        }
        Fault::ReadsThePositionItself => read(Position::new(after.get().saturating_sub(1)), filter, limit),
        Fault::StopsASparseFilter => {
            let filter = filter.clone();
            read(after, &Filter::all(), Some(1_000))
                .filter(move |event| {
                    ready(event.as_ref().is_ok_and(|event| filter.accepts(&event.stream, &event.name)))
                })
                .take(limit.unwrap_or(usize::MAX))
                .boxed()
        }
        Fault::LimitsBeforeItFilters => {
            let filter = filter.clone();
            read(after, &Filter::all(), limit)
                .filter(move |event| {
                    ready(event.as_ref().is_ok_and(|event| filter.accepts(&event.stream, &event.name)))
                })
                .boxed()
        }
        Fault::IgnoresSlices if filter.slice_range().is_some() => read(after, &without_slices(filter), limit),
        Fault::TakesSlicesToBeExclusive => read(after, &exclusive(filter), limit),
        Fault::IgnoresCategories => read(after, &only_names(filter), limit),
        Fault::IgnoresCategoriesWhereNamesAreGiven if filter.names().is_some() => {
            read(after, &only_names(filter), limit)
        }
        Fault::IgnoresNamesWhereCategoriesAreGiven if filter.categories().is_some() => {
            read(after, &only_categories(filter), limit)
        }
        Fault::IgnoresNames => read(after, &only_categories(filter), limit),
        Fault::FiltersByPrefix => {
            let filter = filter.clone();
            let near = move |event: &StoredEvent| {
                filter.categories().is_none_or(|mut all| all.any(|one| event.stream.category().starts_with(one)))
                    && filter.names().is_none_or(|mut all| all.any(|one| event.name.starts_with(one)))
            };
            read(after, &Filter::all(), None)
                .filter(move |event| ready(event.as_ref().is_ok_and(&near)))
                .take(limit.unwrap_or(usize::MAX))
                .boxed()
        }
        Fault::CollectsBeforeItReads => collected(read(after, filter, limit)),
        Fault::SortsByStream => {
            let filter = filter.clone();
            async_stream::stream! {
                let all = inner.read_all(after.into(), &filter, limit).filter_map(|event| ready(event.ok()));
                let mut all: Vec<StoredEvent> = all.collect().await;
                all.sort_by(|a, b| (&a.stream, a.version).cmp(&(&b.stream, b.version)));
                for event in all {
                    yield Ok(event);
                }
            }
            .boxed()
        }
        Fault::RepeatsAnEvent => read(after, filter, limit)
            .flat_map(|event| {
                let twice = event.as_ref().is_ok_and(|event| event.position.get() % 50 == 0);
                let copy = event.as_ref().ok().filter(|_| twice).cloned().map(Ok);
                stream::iter(std::iter::once(event).chain(copy))
            })
            .boxed(),
        Fault::StopsAfterAPage => read(after, filter, limit).take(256).boxed(),
        Fault::InventsAnEvent => {
            let stream = StreamId::new("sample", "invented").unwrap();
            let name = EventName::from_static("invented").unwrap();
            let at = StoredEvent::at(stream, Version::FIRST, Position::MAX, Timestamp::UNIX_EPOCH);
            let invented = at.event(Uuid::nil(), name, SchemaVersion::FIRST, "null", None);
            read(after, filter, limit).chain(stream::iter([Ok(invented)])).boxed()
        }
        _ => read(after, filter, limit),
    };
    kept(store, visible(store, events)).map(changing(store)).boxed()
}

pub(crate) async fn frontier(store: &Reads) -> Result<Checkpoint, ReadError> {
    let mut today = store.inner.frontier().await?;
    let frontier = today.position();
    if store.fault == Fault::HasNoIncarnation {
        today = frontier.into();
    }
    Ok(today.at(match store.fault {
        Fault::TheFrontierRunsAhead => frontier.plus(u64::from(frontier > Position::START) * 3),
        Fault::TheFrontierStartsAhead => frontier.plus(1),
        Fault::TheFrontierMovesBack if store.shared.next() % 3 == 2 => Position::new(frontier.get() / 2),
        Fault::TheFrontierStaysBehind => Position::new(frontier.get().saturating_sub(1)),
        Fault::AnswersBeforeItCanBeRead => {
            let hidden = hidden(store);
            hidden.into_iter().min().map_or(frontier, |first| Position::new(first.get() - 1))
        }
        _ => frontier,
    }))
}

pub(crate) async fn changed(store: &Reads, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
    match store.fault {
        Fault::Polls | Fault::AnswersBeforeItCanBeRead | Fault::TheFrontierStaysBehind => loop {
            let frontier = frontier(store).await?;
            if frontier.is_news_after(seen) {
                return Ok(frontier);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        },
        Fault::WaitsWithAnotherLog => store.inner.changed(seen.position().into()).await,
        Fault::NoChangeIsAChange => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(seen)
        }
        Fault::MissesAChangeThatIsThere => {
            let now = store.inner.frontier().await?;
            store.inner.changed(now.at(now.position().max(seen.position()))).await
        }
        _ => store.inner.changed(seen).await,
    }
}

/// The positions that are hidden at present.
fn hidden(store: &Reads) -> Vec<Position> {
    let mut hidden = store.shared.hidden.lock().unwrap();
    hidden.retain(|_, until| *until > Instant::now());
    hidden.keys().copied().collect()
}

fn visible<'a>(store: &'a Reads, events: Events<'a>) -> Events<'a> {
    match store.fault {
        Fault::AnswersBeforeItCanBeRead | Fault::SkipsWhatIsCommittedOutOfOrder | Fault::HalfVisible => {
            let hidden = hidden(store);
            events
                .filter(move |event| ready(event.as_ref().is_ok_and(|event| !hidden.contains(&event.position))))
                .boxed()
        }
        _ => events,
    }
}

fn kept<'a>(store: &Reads, events: Events<'a>) -> Events<'a> {
    if store.fault == Fault::KeepsDroppedReaders {
        store.shared.kept.fetch_add(1, Ordering::Relaxed);
    }
    events
}

/// The event with its payload copied, as from a connection.
pub(crate) fn copied(mut event: StoredEvent) -> StoredEvent {
    event.payload = Bytes::copy_from_slice(&event.payload);
    event
}

/// Copies all events before it gives the first one.
fn collected(events: Events<'_>) -> Events<'_> {
    async_stream::stream! {
        let mut all = VecDeque::new();
        let mut events = events;
        while let Some(event) = events.next().await {
            all.push_back(event.map(copied));
        }
        while let Some(event) = all.pop_front() {
            yield event;
        }
    }
    .boxed()
}

fn joined(stream: &StreamId) -> String {
    format!("{}-{}", stream.category(), stream.id()).replace(['/', ':', '_', '%'], "-").to_lowercase().trim().to_owned()
}

fn only_names(filter: &Filter) -> Filter {
    let names: Vec<String> = filter.names().into_iter().flatten().map(str::to_owned).collect();
    names.into_iter().fold(Filter::all(), Filter::name)
}

fn without_slices(filter: &Filter) -> Filter {
    let names: Vec<String> = filter.names().into_iter().flatten().map(str::to_owned).collect();
    names.into_iter().fold(only_categories(filter), Filter::name)
}

/// The filter without the last slice of its range.
fn exclusive(filter: &Filter) -> Filter {
    match filter.slice_range() {
        Some((first, last)) if first < last => filter.clone().slices(first..=last - 1),
        _ => filter.clone(),
    }
}

fn only_categories(filter: &Filter) -> Filter {
    let categories: Vec<String> = filter.categories().into_iter().flatten().map(str::to_owned).collect();
    categories.into_iter().fold(Filter::all(), Filter::category)
}

/// Changes a stored event as the fault does.
fn changing(
    store: &Reads,
) -> impl FnMut(Result<StoredEvent, ReadError>) -> Result<StoredEvent, ReadError> + Send + use<> {
    let (fault, shared) = (store.fault, Arc::clone(&store.shared));
    let firsts: Arc<Mutex<HashMap<StreamId, Timestamp>>> = Arc::default();
    move |event| {
        let mut event = event?;
        match fault {
            Fault::RoundsTimes => event.recorded_at = micros(event.recorded_at.as_micros() / 1_000 * 1_000),
            Fault::TimesGoBack => {
                let first = *firsts.lock().unwrap().entry(event.stream.clone()).or_insert(event.recorded_at);
                let back = i64::try_from(event.version.get()).unwrap_or_default();
                event.recorded_at = micros(first.as_micros() - back);
            }
            Fault::FollowsTheClockWithOneEvent | Fault::FollowsTheClockWithSeveralEvents => {
                let time = shared.times.lock().unwrap().get(&event.position).copied();
                event.recorded_at = time.unwrap_or(event.recorded_at);
            }
            Fault::KnowsNoTime => event.recorded_at = Timestamp::UNIX_EPOCH,
            Fault::NormalisesJson => {
                if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&event.payload) {
                    event.payload = value.to_string().into();
                }
            }
            Fault::ReadsNumbersAsFloats => {
                if let Ok(number) = serde_json::from_slice::<serde_json::Number>(&event.payload)
                    && let Some(float) = number.as_f64()
                {
                    event.payload = format!("{float:.3}").into();
                }
            }
            Fault::RoundsFloats => {
                if let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(&event.payload)
                    && let Some(float) = value.get("value").and_then(serde_json::Value::as_f64)
                {
                    value["value"] = serde_json::json!((float * 1e6).round() / 1e6);
                    event.payload = value.to_string().into();
                }
            }
            Fault::KeepsAsciiOnly => {
                event.payload = String::from_utf8_lossy(&event.payload).replace(|c: char| !c.is_ascii(), "?").into();
            }
            Fault::TakesTextForBytes => {
                event.payload = String::from_utf8_lossy(&event.payload).replace(r"\\x", "").replace("iVBOR", "").into();
            }
            Fault::CutsLongPayloads => event.payload.truncate(65_536),
            Fault::CutsLongMetadata => {
                if let Some(metadata) = &mut event.metadata {
                    metadata.truncate(16_384);
                }
            }
            Fault::CutsLongNames => {
                let cut = |text: &str| text.chars().take(255).collect::<String>();
                event.stream = StreamId::new(cut(event.stream.category()), cut(event.stream.id())).unwrap();
                event.name = EventName::new(cut(&event.name)).unwrap();
            }
            Fault::FlattensDeepPayloads if event.payload.starts_with(b"[[[[[[[[") => {
                event.payload = Bytes::from_static(b"[]");
            }
            Fault::ForgetsMetadata => event.metadata = None,
            Fault::TakesAbsentForEmpty => event.metadata = event.metadata.or(Some(Bytes::from_static(b"{}"))),
            Fault::ForgetsTheSchemaVersion => event.schema_version = SchemaVersion::FIRST,
            Fault::GivesItsOwnIds => event.id = Uuid::from_u128(u128::from(event.position.get())),
            Fault::NamesEventsByType => event.name = EventName::new(event.name.replace("sample.", "")).unwrap(),
            _ => {}
        }
        Ok(event)
    }
}

fn micros(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
