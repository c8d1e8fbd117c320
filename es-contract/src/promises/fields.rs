//! Fields: each field of an event comes back as it was appended.

use std::time::Duration;

use es_core::{
    Append, Checkpoint, Direction, EventName, Expected, Filter, Metadata, NewEvent, SchemaVersion, StoredEvent,
    StreamId, Timestamp,
};
use futures_util::StreamExt;
use uuid::Uuid;

use super::{
    Sample, Subject, ensure, ensure_eq, note, notes,
    sample::{Measured, Written},
    subject::{collect, raw, within_timeout},
};
use crate::{BrokenPromise, Factory};

/// Id, name, schema version, payload and metadata come back byte for byte, from every kind of read.
pub async fn every_field_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("fields")?;
    let id = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
    let schema_version = SchemaVersion::new(4_711).unwrap_or(SchemaVersion::FIRST);
    let metadata = Metadata::new()
        .with_correlation_id(Uuid::from_u128(7))
        .with_causation_id(Uuid::now_v7())
        .with_actor("teller 7")
        .with_extra("branch", "Prague")
        .with_extra("numbers", vec![1, 2]);
    let payload = r#"{ "b":1,  "a":[ 2, 3 ] , "b2":null}"#;
    let event =
        NewEvent::from_json(id, EventName::new("sample.fields")?, schema_version, payload)?.with_metadata(&metadata)?;
    subject.append(&stream, Expected::NoStream, vec![event.clone()]).await?;
    let forward = subject.read(&stream, 1, Direction::Forward, None).await?;
    let backward = subject.read(&stream, u64::MAX, Direction::Backward, None).await?;
    let all = subject.log().await?;
    let mut live = subject.store.subscribe(Checkpoint::START, &Filter::all());
    let live = within_timeout("a subscription gives the event", live.next()).await?.transpose()?;
    for stored in [forward.first(), backward.first(), all.first(), live.as_ref()] {
        let Some(stored) = stored else { return ensure_eq("every kind of read gives the event", 1, 0) };
        ensure_eq("the id comes back", id, stored.id)?;
        ensure_eq("the name comes back", event.name(), &stored.name)?;
        ensure_eq("the schema version comes back", schema_version, stored.schema_version)?;
        ensure_eq("the payload comes back byte for byte", event.payload(), &stored.payload)?;
        ensure_eq("the metadata comes back byte for byte", event.metadata(), stored.metadata.as_ref())?;
        ensure_eq("the metadata decodes to what was given", Some(&metadata), stored.decode_metadata()?.as_ref())?;
    }
    Ok(())
}

/// Text of any script comes back, in payloads, ids, categories and names.
pub async fn unicode_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for text in ["Žluťoučký kůň", "日本語", "مرحبا", "👩‍👩‍👧‍👦", "e\u{301}", "\u{e9}", "\u{202e}abc", "\u{fffd}\u{10ffff}"]
    {
        let stream = subject.fresh.stream(&format!("c {text}"), text)?;
        let name = EventName::new(format!("sample.{text}"))?;
        let payload = serde_json::json!({ text: text }).to_string();
        let event = NewEvent::from_json(Uuid::now_v7(), name.clone(), SchemaVersion::FIRST, payload)?
            .with_metadata(&Metadata::new().with_actor(text))?;
        subject.append(&stream, Expected::NoStream, vec![event.clone()]).await?;
        let stored = subject.events(&stream).await?;
        let seen = stored.iter().map(|event| (&event.stream, &event.name, &event.payload, event.metadata.as_ref()));
        let expected = vec![(&stream, &name, event.payload(), event.metadata())];
        ensure_eq("text comes back as it was", expected, seen.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Escapes, control characters, quotes and nulls come back.
pub async fn escapes_and_nulls_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    bytes_come_back(
        factory,
        &[
            r#"{"a":null,"b":[null],"":""}"#,
            r#""\"\\\/\b\f\n\r\t\u0001\u001f\u007f""#,
            r#""\ud83d\ude00 \u00e9 \\u0000""#,
            "null",
            "[]",
            "{}",
            " \n\t[ true , false ]\r\n ",
            r#"{"twice":1,"twice":2}"#,
            r#"["'; DROP TABLE events; --", "${x}", "%s", "{{x}}", "\\x00", "$1"]"#,
        ],
    )
    .await
}

/// Text that looks like binary data or SQL comes back as it was.
pub async fn binary_looking_text_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    bytes_come_back(
        factory,
        &[
            r#""\\x4a534f4e""#,
            r#""iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk""#,
            r#""\u001f\u008b\b\u0003""#,
            r#""2026-02-30T25:61:61Z""#,
            r#""NaN""#,
            r#""00000000-0000-0000-0000-000000000000""#,
        ],
    )
    .await
}

/// Numbers that a float cannot hold come back digit for digit.
pub async fn numbers_beyond_2_to_53_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    bytes_come_back(
        factory,
        &[
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "123456789012345678901234567890",
            "0.1000000000000000055511151231257827",
            "[1.0, 1e2, 1E-7, -0, -0.0]",
        ],
    )
    .await
}

async fn bytes_come_back(factory: &dyn Factory, payloads: &[&str]) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("bytes")?;
    for payload in payloads {
        subject.append(&stream, Expected::Any, vec![raw("sample.raw", *payload)?]).await?;
    }
    let stored = subject.events(&stream).await?;
    let seen: Vec<_> = stored.iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect();
    ensure_eq("each payload comes back byte for byte", payloads.to_vec(), seen)
}

/// Floats come back bit for bit.
pub async fn floats_come_back_bit_for_bit(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("floats")?;
    let mut floats = vec![0.0, -0.0, 0.1, 0.1 + 0.2, 1.0 / 3.0, 2.0e-3, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN];
    // All exponents, with bits set at both ends of the mantissa.
    floats.extend((1..2046).step_by(31).map(|exponent| f64::from_bits(exponent << 52 | 0x000d_ead0_beef_0001)));
    for value in &floats {
        let event = subject.fresh.encode(&Sample::Measured(Measured { value: *value }), None)?;
        subject.append(&stream, Expected::Any, vec![event]).await?;
    }
    let mut seen = Vec::new();
    for stored in subject.events(&stream).await? {
        stored.decode_each(|event| {
            if let Sample::Measured(Measured { value }) = event {
                seen.push(value.to_bits());
            }
        })?;
    }
    ensure_eq("floats come back bit for bit", floats.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), seen)
}

/// Absent metadata stays absent, and empty metadata stays empty.
pub async fn metadata_absent_differs_from_empty(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("metadata")?;
    let events = vec![note(1)?, note(2)?.with_metadata(&Metadata::new())?, note(3)?];
    subject.append(&stream, Expected::NoStream, events).await?;
    let stored = subject.events(&stream).await?;
    let seen: Vec<_> = stored.iter().map(|event| event.metadata.as_deref()).collect();
    ensure_eq("absent metadata stays absent, empty metadata stays empty", vec![None, Some(&b"{}"[..]), None], seen)
}

/// Recorded times keep their microseconds, and are the same from every kind of read.
pub async fn recorded_times_keep_their_precision(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("times")?;
    let mut answered = Vec::new();
    for number in 0..20 {
        answered.extend(subject.append(&stream, Expected::Any, vec![note(number)?]).await?.recorded_at);
    }
    let times = |events: Vec<StoredEvent>| events.iter().map(|event| event.recorded_at).collect::<Vec<_>>();
    ensure_eq("the stream has the answered times", &answered, &times(subject.events(&stream).await?))?;
    ensure_eq("the log has the answered times", &answered, &times(subject.log().await?))?;
    let live = subject.store.subscribe(Checkpoint::START, &Filter::all()).take(answered.len());
    ensure_eq(
        "a subscription has the answered times",
        &answered,
        &times(within_timeout("a subscription gives the events", collect(live)).await??),
    )?;
    let whole = |time: &Timestamp| time.as_micros() % 1_000 == 0;
    ensure("times are in microseconds", !answered.iter().all(whole), || format!("{answered:?}"))
}

/// The recorded time comes from the store's clock, and is never before that of the stream's previous event.
pub async fn recorded_times_never_go_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const A_DAY: i64 = 86_400_000_000;
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let stream = subject.stream("times")?;
    for number in 0..200 {
        let store = if number % 2 == 0 { &subject.store } else { &another };
        super::subject::append(store, &stream, Expected::Any, notes(number..number + 2)?).await?;
    }
    let times: Vec<_> = subject.events(&stream).await?.iter().map(|event| event.recorded_at).collect();
    ensure("times never go back within a stream", times.is_sorted(), || format!("{times:?}"))?;
    let distance = times.first().map(|time| (time.as_micros() - Timestamp::now().as_micros()).abs());
    ensure("the recorded time is close to the clock", distance.is_some_and(|distance| distance < A_DAY), || {
        format!("{times:?}")
    })
}

/// Recorded times of a stream do not go back when the clock does: not for one event, for several together, or for an append
/// to several streams.
pub async fn recorded_times_never_go_back_when_the_clock_does(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const A_DAY: Duration = Duration::from_hours(24);
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let (one, several) = (subject.stream("one")?, subject.stream("several")?);
    let (together, with_it, new) = (subject.stream("together")?, subject.stream("with it")?, subject.stream("new")?);
    for stream in [&one, &several, &together, &with_it] {
        subject.append(stream, Expected::NoStream, notes(0..2)?).await?;
    }
    subject.fresh.put_clock_back(A_DAY).await?;
    for store in [&subject.store, &another, &subject.store] {
        let to = |stream: &StreamId, count| {
            Ok::<_, BrokenPromise>(Append::new(stream.clone(), Expected::Any, notes(0..count)?))
        };
        for appends in
            [vec![to(&one, 1)?], vec![to(&several, 3)?], vec![to(&together, 1)?, to(&with_it, 2)?, to(&new, 1)?]]
        {
            for answer in store.append(appends.into()).await? {
                let times: Vec<_> =
                    subject.events(&answer.stream).await?.iter().map(|event| event.recorded_at).collect();
                ensure("times never go back within a stream", times.is_sorted(), || format!("{times:?}"))?;
                ensure_eq("the answer has the time that is stored", answer.recorded_at, times.last().copied())?;
            }
        }
    }
    let (old, new) = (subject.events(&one).await?, subject.events(&new).await?);
    let time = |events: &[StoredEvent]| events.last().map_or(0, |event| event.recorded_at.as_micros());
    let ahead = time(&old) - time(&new);
    let a_day = i64::try_from(A_DAY.as_micros()).unwrap_or(i64::MAX);
    ensure("a new stream is recorded by the clock that was put back", ahead > a_day / 2, || {
        format!("{ahead} µs behind")
    })
}

/// An encoded event decodes to the same event after it was stored.
pub async fn an_encoded_event_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("encoded")?;
    let event = Sample::Written(Written { text: "\"quoted\"\n".to_owned() });
    let metadata = Metadata::new().with_actor("Ada");
    subject.append(&stream, Expected::NoStream, vec![subject.fresh.encode(&event, Some(&metadata))?]).await?;
    for stored in subject.events(&stream).await? {
        let recorded = stored.decode::<Sample>()?;
        let seen: Vec<_> = recorded.iter().map(|recorded| (&recorded.event, &recorded.metadata)).collect();
        ensure_eq("the event comes back with its metadata", vec![(&event, &metadata)], seen)?;
    }
    ensure_eq("one event is stored", 1, subject.log().await?.len())
}
