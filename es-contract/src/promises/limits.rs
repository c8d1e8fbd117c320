//! Limits: values within them come back, values over them are refused with typed errors.

use es_core::{
    Append, AppendError, AppendRequest, Checkpoint, EncodeError, EventName, EventStore, Expected, Filter, LimitError,
    Metadata, NewEvent, ReadError, SchemaVersion, StoredEvent,
    limits::{APPEND_BYTES, EVENTS, JSON_DEPTH, METADATA_BYTES, NAME_BYTES, PAYLOAD_BYTES},
};
use futures_util::StreamExt;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Sample, Subject, ensure, ensure_eq, note, notes,
    sample::{Lost, Measured, Nested, Written},
    subject::{collect, raw, within_timeout},
};
use crate::{BrokenPromise, Factory};

/// The JSON of a [`Written`] without its text.
const WRITTEN_BYTES: usize = r#"{"text":""}"#.len();
/// The JSON of metadata that has an actor, without its name.
const ACTOR_BYTES: usize = r#"{"actor":""}"#.len();

/// A payload of 1 MiB comes back.
pub async fn a_payload_at_the_limit_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    comes_back(factory, &written(PAYLOAD_BYTES - WRITTEN_BYTES), None).await
}

/// A payload of 1 MiB and one byte is refused with a typed error.
pub async fn a_payload_over_the_limit_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let event = written(PAYLOAD_BYTES - WRITTEN_BYTES + 1);
    is_refused(factory, &event, None, |error| {
        matches!(error, EncodeError::Limit(LimitError::TooLong { what: "payload", limit: PAYLOAD_BYTES, .. }))
    })
    .await
}

/// Metadata of 64 KiB comes back.
pub async fn metadata_at_the_limit_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let metadata = Metadata::new().with_actor("m".repeat(METADATA_BYTES - ACTOR_BYTES));
    comes_back(factory, &written(1), Some(&metadata)).await
}

/// Metadata of 64 KiB and one byte is refused with a typed error.
pub async fn metadata_over_the_limit_are_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let metadata = Metadata::new().with_actor("m".repeat(METADATA_BYTES - ACTOR_BYTES + 1));
    is_refused(factory, &written(1), Some(&metadata), |error| {
        matches!(error, EncodeError::Limit(LimitError::TooLong { what: "metadata", limit: METADATA_BYTES, .. }))
    })
    .await
}

/// A payload of a hundred nested arrays comes back.
pub async fn a_payload_as_deep_as_the_limit_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    comes_back(factory, &nested(JSON_DEPTH), None).await
}

/// A deeper payload is refused with a typed error, even one so deep that a reader would overflow its stack.
pub async fn a_payload_deeper_than_the_limit_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    is_refused(factory, &nested(JSON_DEPTH + 1), None, |error| matches!(error, EncodeError::TooDeep { .. })).await?;
    let deep = [vec![b'['; 3_000], vec![b']'; 3_000]].concat();
    let raw = NewEvent::from_json(Uuid::now_v7(), EventName::new("sample.nested")?, SchemaVersion::FIRST, deep);
    ensure("3,000 nested arrays are refused", matches!(raw, Err(EncodeError::TooDeep { .. })), || format!("{raw:?}"))
}

/// NaN and infinity are refused with a typed error, and never become `null`.
pub async fn nan_and_infinity_are_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let event = Sample::Measured(Measured { value });
        is_refused(factory, &event, None, |error| matches!(error, EncodeError::NotFinite { .. })).await?;
    }
    Ok(())
}

/// An event that does not decode is refused: one such event would make its stream unreadable.
pub async fn an_event_that_does_not_decode_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let refused = |error: &EncodeError| matches!(error, EncodeError::Unreadable { .. });
    is_refused(factory, &Sample::Lost(Lost), None, refused).await
}

/// A NUL in a text is refused with a typed error, in payloads and in metadata.
pub async fn a_nul_in_json_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let refused = |error: &EncodeError| matches!(error, EncodeError::Nul { .. });
    let text = Sample::Written(Written { text: "a\0b".to_owned() });
    is_refused(factory, &text, None, refused).await?;
    let key = Sample::Nested(Nested(serde_json::json!({ "a\0b": 1 })));
    is_refused(factory, &key, None, refused).await?;
    is_refused(factory, &written(1), Some(&Metadata::new().with_actor("a\0b")), refused).await
}

/// A thousand events in one append come back, over one stream or several.
pub async fn a_thousand_events_in_one_append_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let count = EVENTS as u64;
    subject.append(&subject.stream("one")?, Expected::NoStream, notes(0..count)?).await?;
    let (a, b) = (subject.stream("a")?, subject.stream("b")?);
    let half = count / 2;
    let appends = vec![
        Append::new(a, Expected::NoStream, notes(0..half)?),
        Append::new(b, Expected::NoStream, notes(half..count)?),
    ];
    subject.store.append(appends.into()).await?;
    ensure_eq("all of them are stored", 2 * EVENTS, subject.log().await?.len())
}

/// A thousand and one events in one append are refused with a typed error, over one stream or several.
pub async fn more_than_a_thousand_events_in_one_append_are_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let one = vec![Append::new(subject.stream("one")?, Expected::NoStream, notes(0..=EVENTS as u64)?)];
    let several = vec![
        Append::new(subject.stream("a")?, Expected::NoStream, notes(0..EVENTS as u64)?),
        Append::new(subject.stream("b")?, Expected::NoStream, vec![note(1)?]),
    ];
    for appends in [one, several] {
        too_many(&subject, "events", appends).await?;
    }
    Ok(())
}

/// More than a thousand streams in one append are refused with a typed error.
pub async fn more_than_a_thousand_streams_in_one_append_are_refused(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let assertions = (0..=EVENTS).map(|number| {
        Ok::<_, BrokenPromise>(Append::assertion(subject.stream(&format!("s{number}"))?, Expected::NoStream))
    });
    let appends = assertions.collect::<Result<Vec<_>, _>>()?;
    too_many(&subject, "streams", appends).await
}

async fn too_many(subject: &Subject, what: &str, appends: Vec<Append>) -> Result<(), BrokenPromise> {
    let answer = subject.store.append(appends.into()).await;
    let refused = matches!(
        &answer,
        Err(AppendError::Limit(LimitError::TooMany { what: seen, count, .. })) if *seen == what && *count == EVENTS + 1
    );
    ensure(&format!("{} {what} in one append are refused", EVENTS + 1), refused, || format!("{answer:?}"))?;
    ensure_eq("nothing is stored", 0, subject.log().await?.len())
}

/// Payloads and metadata of 64 MiB together, in one append to two streams, come back.
pub async fn as_many_bytes_as_one_append_may_have_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let streams = [subject.stream("a")?, subject.stream("b")?];
    let [a, b] = halves(&subject, 0)?;
    let appends = streams.iter().zip([&a, &b]);
    let appends = appends.map(|(stream, events)| Append::new(stream.clone(), Expected::NoStream, events.clone()));
    subject.store.append(AppendRequest::new(appends)).await?;
    for (stream, events) in streams.iter().zip([a, b]) {
        let stored = subject.events(stream).await?;
        let equal = |(new, stored): (&NewEvent, &StoredEvent)| {
            (new.id(), new.payload(), new.metadata()) == (stored.id, &stored.payload, stored.metadata.as_ref())
        };
        let all = stored.len() == events.len() && events.iter().zip(&stored).all(equal);
        ensure("64 MiB of one append come back", all, || format!("{} events of {}", stored.len(), events.len()))?;
    }
    Ok(())
}

/// One byte more than 64 MiB is refused with a typed error: payloads and metadata count, over one stream or several.
pub async fn more_bytes_than_one_append_may_have_are_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let [a, b] = halves(&subject, 1)?;
    let one = vec![Append::new(subject.stream("one")?, Expected::Any, [a.clone(), b.clone()].concat())];
    let several = vec![
        Append::new(subject.stream("a")?, Expected::NoStream, a),
        Append::new(subject.stream("b")?, Expected::NoStream, b),
        Append::assertion(subject.stream("c")?, Expected::NoStream),
    ];
    for appends in [one, several] {
        let answer = subject.store.append(appends.into()).await;
        let refused = matches!(
            &answer,
            Err(AppendError::Limit(LimitError::TooLarge { bytes })) if *bytes == APPEND_BYTES + 1
        );
        ensure("a byte more than 64 MiB in one append is refused", refused, || format!("{answer:?}"))?;
        ensure_eq("nothing is stored", 0, subject.log().await?.len())?;
    }
    Ok(())
}

/// Events for two streams that together have the bytes that one append may have, and `more`.
fn halves(subject: &Subject, more: usize) -> Result<[Vec<NewEvent>; 2], BrokenPromise> {
    let text = |bytes: usize| raw("sample.noted", format!("\"{}\"", "t".repeat(bytes - 2)));
    let full = text(PAYLOAD_BYTES)?;
    // Cloned, to check and copy the payload once: the events differ in their ids.
    let copies = |count| (0..count).map(|_| full.clone().with_id(Uuid::now_v7())).collect::<Vec<_>>();
    let half = APPEND_BYTES / PAYLOAD_BYTES / 2;
    let actor = Metadata::new().with_actor("m".repeat(METADATA_BYTES - ACTOR_BYTES));
    let described = subject.fresh.encode(&written(1), Some(&actor))?;
    let rest = PAYLOAD_BYTES - described.payload().len() - METADATA_BYTES + more;
    let (mut first, mut second) = (copies(half), copies(half - 1));
    first.push(described);
    second.push(text(rest)?);
    Ok([first, second])
}

/// Categories, ids and event names of 512 bytes come back.
pub async fn names_at_the_limit_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let name = EventName::new("n".repeat(NAME_BYTES))?;
    let category = "ž".repeat(NAME_BYTES / 2);
    let ids = [format!("{}a", "i".repeat(NAME_BYTES - 1)), format!("{}b", "i".repeat(NAME_BYTES - 1))];
    for id in &ids {
        let stream = subject.fresh.stream(&category, id)?;
        let event = NewEvent::from_json(Uuid::now_v7(), name.clone(), SchemaVersion::FIRST, "1")?;
        subject.append(&stream, Expected::NoStream, vec![event]).await?;
        let stored = subject.events(&stream).await?;
        let seen: Vec<_> = stored.iter().map(|event| (event.stream.id(), &event.name)).collect();
        ensure_eq("long names come back", vec![(id.as_str(), &name)], seen)?;
    }
    Ok(())
}

/// Names that are longer, empty or contain a NUL are refused with a typed error.
pub async fn bad_names_are_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let long = "i".repeat(NAME_BYTES + 1);
    for (what, bad) in [("category", "category"), ("stream id", "id")] {
        let named = |text: &str| {
            if bad == "id" { subject.fresh.stream("sample", text) } else { subject.fresh.stream(text, "1") }
        };
        let too_long = LimitError::TooLong { what, bytes: NAME_BYTES + 1, limit: NAME_BYTES };
        ensure_eq("513 bytes are refused", Err(too_long), named(&long))?;
        ensure_eq("an empty name is refused", Err(LimitError::Empty { what }), named(""))?;
        ensure_eq("a NUL is refused", Err(LimitError::Nul { what }), named("a\0b"))?;
    }
    Ok(())
}

/// Reads and subscriptions refuse a filter with a text that no event can have, with a typed error: one with a NUL, an empty one,
/// one that is too long.
pub async fn a_filter_for_what_no_event_can_have_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("there")?, 2).await?;
    for text in ["a\0b", "\0", "", &"n".repeat(NAME_BYTES + 1)] {
        let (all, good) = (Filter::all(), Filter::all().category("sample").name("sample.noted"));
        for filter in [all.clone().category(text.to_owned()), all.name(text.to_owned()), good.name(text.to_owned())] {
            let shown = text.get(..text.len().min(9));
            let mut read = subject.store.read_all(Checkpoint::START, &filter, None);
            only_refused(&format!("a read with {shown:?} in its filter"), &[read.next().await, read.next().await])?;
            let mut live = subject.store.subscribe(Checkpoint::START, &filter);
            let first = within_timeout("a subscription answers", live.next()).await?;
            let second = within_timeout("a refused subscription ends", live.next()).await?;
            only_refused(&format!("a subscription with {shown:?} in its filter"), &[first, second])?;
        }
    }
    for (first, last) in [(8, 7), (0, 1_024), (1_024, u16::MAX)] {
        let filter = Filter::all().slices(first..=last);
        let mut read = subject.store.read_all(Checkpoint::START, &filter, None);
        only_refused(&format!("a read of the slices {first} to {last}"), &[read.next().await, read.next().await])?;
    }
    let longest = Filter::all().name("n".repeat(NAME_BYTES));
    ensure_eq(
        "a filter at the limit finds nothing",
        0,
        collect(subject.store.read_all(Checkpoint::START, &longest, None)).await?.len(),
    )
}

fn only_refused(what: &str, answers: &[Option<Result<StoredEvent, ReadError>>; 2]) -> Result<(), BrokenPromise> {
    ensure(&format!("{what} is refused"), matches!(answers, [Some(Err(ReadError::Filter(_))), None]), || {
        format!("{answers:?}")
    })
}

fn written(bytes: usize) -> Sample {
    Sample::Written(Written { text: "t".repeat(bytes) })
}

fn nested(depth: usize) -> Sample {
    Sample::Nested(Nested((1..depth).fold(Value::Array(Vec::new()), |inside, _| Value::Array(vec![inside]))))
}

async fn comes_back(factory: &dyn Factory, event: &Sample, metadata: Option<&Metadata>) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("limit")?;
    let encoded = subject.fresh.encode(event, metadata)?;
    subject.append(&stream, Expected::NoStream, vec![encoded.clone()]).await?;
    let stored = subject.events(&stream).await?;
    let [stored] = stored.as_slice() else { return ensure_eq("one event is stored", 1, stored.len()) };
    ensure("the payload comes back byte for byte", encoded.payload() == &stored.payload, || {
        format!("{} bytes of {}", stored.payload.len(), encoded.payload().len())
    })?;
    ensure("the metadata come back byte for byte", encoded.metadata() == stored.metadata.as_ref(), || {
        format!("{:?} bytes", stored.metadata.as_ref().map(bytes::Bytes::len))
    })?;
    let decoded: Vec<_> = stored.decode::<Sample>()?.into_iter().map(|recorded| recorded.event).collect();
    ensure("it decodes to the event it was", decoded.iter().eq([event]), || "another event".to_owned())
}

async fn is_refused(
    factory: &dyn Factory,
    event: &Sample,
    metadata: Option<&Metadata>,
    refused: impl Fn(&EncodeError) -> bool + Send,
) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    match subject.fresh.encode(event, metadata) {
        Err(error) => ensure("it is refused with the typed error", refused(&error), || format!("{error:?}")),
        Ok(encoded) => {
            // The event was encoded, so it counts as accepted whatever the store does with it.
            let payload = String::from_utf8_lossy(&encoded.payload()[..encoded.payload().len().min(80)]).into_owned();
            ensure_eq("it is refused with a typed error", "refused".to_owned(), format!("encoded as {payload}"))
        }
    }
}
