//! Appends: merging, batches, recorded times and the limits of positions.

use es_core::{Append, AppendError, EventStore, Expected, NewEvent, Position, Version};

use crate::fixture::{Fixture, all, event, exact, one, stream, with_append, with_step};

#[tokio::test]
async fn payloads_are_read_back_byte_for_byte() {
    let fixture = Fixture::new().await;
    let payload = r#"{ "b" : 1,"a":[ 0.1 ], "b":2 }"#;
    let events = vec![event(payload), event("null")];
    let appended =
        fixture.store.append(Append::new(stream("1"), Expected::NoStream, events.clone()).into()).await.unwrap();
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
    fixture.store.append(one("1", Expected::NoStream).into()).await.unwrap();
    let appends = [one("1", exact(7)), one("2", Expected::Exists), one("3", Expected::NoStream)].concat();
    let Err(AppendError::Conflict(conflict)) = fixture.store.append(appends.into()).await else {
        panic!("no conflict")
    };
    let actual: Vec<_> = conflict.violations().map(|v| (v.stream().cloned(), v.actual())).collect();
    assert_eq!(actual, [(Some(stream("1")), Some(Version::FIRST)), (Some(stream("2")), Some(Version::NONE))]);
    assert_eq!(all(&fixture.store).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_append_gets_the_first_answer() {
    let fixture = Fixture::new().await;
    let appends = [one("1", Expected::NoStream), one("2", Expected::Any)].concat();
    let first = fixture.store.append(appends.clone().into()).await.unwrap();
    fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    let again = fixture.store.append(appends.into()).await.unwrap();
    assert!(again.iter().all(|appended| appended.repeated));
    for (first, again) in first.iter().zip(again) {
        assert_eq!(*first, again.with_repeated(false));
    }
}

/// The frontier's lock keys hold 48 bits of a position. A full log refuses appends, so that no reader skips an event.
#[tokio::test]
async fn the_highest_position_is_appended_and_none_after_it() {
    let fixture = Fixture::new().await;
    let last = 281_474_976_710_655_i64;
    fixture.client().await.execute("SELECT setval('es.position', $1)", &[&(last - 1)]).await.unwrap();
    fixture.store.append(one("1", Expected::NoStream).into()).await.unwrap();
    assert!(matches!(fixture.store.append(one("2", Expected::NoStream).into()).await, Err(AppendError::Store(_))));
    let log = all(&fixture.store).await;
    assert_eq!(log.iter().map(|event| event.position).collect::<Vec<_>>(), [Position::new(last.cast_unsigned())]);
}

/// Appends to streams whose last event was recorded in the future, by a clock that was ahead.
async fn append_after_future_events(function: Option<String>) -> Result<(), String> {
    let fixture = Fixture::new().await;
    fixture.store.append([one("1", Expected::NoStream), one("2", Expected::NoStream)].concat().into()).await.unwrap();
    let ahead = "ALTER TABLE es.events DISABLE TRIGGER events_never_change;
                 UPDATE es.events SET recorded_at = recorded_at + interval '1 hour';
                 ALTER TABLE es.events ENABLE ALWAYS TRIGGER events_never_change";
    fixture.database.run(&[ahead]).unwrap();
    let last = all(&fixture.store).await[0].recorded_at;
    fixture.database.run(&function.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let alone = one("1", exact(1));
    let together = vec![Append::new(stream("1"), exact(2), vec![event("{}"), event("{}")])];
    let several = [one("1", exact(4)), one("2", exact(1))].concat();
    for (way, appends) in [("alone", alone), ("together", together), ("several", several)] {
        for appended in fixture.store.append(appends.into()).await.unwrap() {
            if appended.recorded_at < Some(last) {
                return Err(format!("{way}: answered {:?} after {last}", appended.recorded_at));
            }
        }
    }
    let back = all(&fixture.store).await.into_iter().find(|event| event.recorded_at < last);
    back.map_or(Ok(()), |event| Err(format!("stored {} after {last}", event.recorded_at)))
}

#[tokio::test]
async fn recorded_time_never_goes_back() {
    append_after_future_events(None).await.unwrap();
}

/// Checks that the test above can fail: an append that uses the server's clock as it is, on either path.
#[tokio::test]
async fn recorded_time_that_goes_back_is_caught() {
    for (step, right, way) in [
        ("append", "greatest(statement_timestamp(), last_recorded_at)", "alone"),
        ("look_up", "greatest(statement_timestamp(), e.recorded_at)", "together"),
    ] {
        let wrong = with_step(step, right, "statement_timestamp()");
        let caught = append_after_future_events(Some(wrong)).await.unwrap_err();
        assert!(caught.starts_with(way), "{caught}");
    }
}

/// The first append is in flight while the others queue behind the second, which alone conflicts.
#[tokio::test]
async fn merged_appends_to_a_new_stream_share_one_transaction() {
    let fixture = Fixture::new().await;
    let appends = (0..100).map(|number| {
        let expected = if number == 1 { Expected::Exists } else { Expected::Any };
        fixture.store.append(one(if number == 0 { "other" } else { "hot" }, expected).into())
    });
    let outcomes = futures_util::future::join_all(appends).await;
    assert!(matches!(outcomes[1], Err(AppendError::Conflict(_))));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 99);
    let transactions = "SELECT count(DISTINCT xmin::text)::bigint FROM es.events WHERE id = 'hot'";
    let transactions: i64 = fixture.client().await.query_one(transactions, &[]).await.unwrap().get(0);
    assert!(transactions <= 2, "{transactions} transactions for 98 appends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_to_one_stream_share_round_trips_and_get_their_own_versions() {
    let fixture = Fixture::new().await;
    let appends = (0..200).map(|number| {
        let store = fixture.store.clone();
        let events = (0..=number % 3).map(|_| event("{}")).collect();
        let expected = if number % 5 == 0 { Expected::Exists } else { Expected::Any };
        let append = vec![Append::new(stream("hot"), expected, events)];
        tokio::spawn(async move { (append.clone(), store.append(append.into()).await) })
    });
    let mut places = Vec::new();
    for append in futures_util::future::join_all(appends).await {
        match append.unwrap() {
            (append, Ok(appended)) => {
                let ids: Vec<_> = append[0].events.iter().map(NewEvent::id).collect();
                places.push((appended[0].first_version().get(), appended[0].positions.clone(), ids, append));
            }
            // This append expected an existing stream before there was one.
            (append, Err(AppendError::Conflict(conflict))) => {
                assert_eq!((append[0].expected, conflict.actual()), (Expected::Exists, Some(Version::NONE)));
            }
            (_, Err(error)) => panic!("{error}"),
        }
    }
    places.sort_unstable_by_key(|place| place.0);
    let log = all(&fixture.store).await;
    assert!(log.iter().map(|event| event.version.get()).eq(1..=log.len() as u64));
    assert!(log.iter().map(|event| event.id).eq(places.iter().flat_map(|place| place.2.clone())));
    assert!(log.iter().map(|event| event.position).eq(places.iter().flat_map(|place| place.1.clone())));
    let transactions = "SELECT count(DISTINCT xmin::text)::bigint FROM es.events";
    let transactions: i64 = fixture.client().await.query_one(transactions, &[]).await.unwrap().get(0);
    assert!(transactions < 150, "{transactions} transactions for 200 appends");
    // A repeat of each append gets the answer of that append.
    for (first, positions, _, append) in places {
        let again = fixture.store.append(append.into()).await.unwrap().remove(0);
        assert_eq!((again.repeated, again.first_version().get(), again.positions), (true, first, positions));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_on_one_stream_share_round_trips() {
    let fixture = Fixture::new().await;
    let counting = with_append("\nBEGIN\n", "\nBEGIN PERFORM nextval('public.calls');\n");
    fixture.database.run(&["CREATE SEQUENCE public.calls", &counting]).unwrap();
    let count = async || -> i64 {
        fixture.client().await.query_one("SELECT nextval('public.calls')", &[]).await.unwrap().get(0)
    };
    let before = count().await;
    let racers = (0..64).map(|_| {
        let store = fixture.store.clone();
        tokio::spawn(async move { store.append(one("hot", Expected::NoStream).into()).await })
    });
    let mut won = 0;
    for racer in futures_util::future::join_all(racers).await {
        match racer.unwrap() {
            Ok(_) => won += 1,
            Err(AppendError::Conflict(conflict)) => {
                assert_eq!((conflict.actual(), conflict.expected()), (Some(Version::FIRST), Some(Expected::NoStream)));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(won, 1);
    let calls = count().await - before - 1;
    assert!((1..32).contains(&calls), "{calls} round trips for one winner and 63 losers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_payload_fails_alone() {
    let fixture = Fixture::new().await;
    // A constraint that only the server knows.
    fixture.database.run(&["ALTER TABLE es.events ADD CONSTRAINT theirs CHECK (payload::text <> '\"bad\"')"]).unwrap();
    let appends = (0..40).map(|number| {
        let store = fixture.store.clone();
        let payload = if number == 17 { "\"bad\"" } else { "\"good\"" };
        let append = Append::new(stream(&number.to_string()), Expected::NoStream, vec![event(payload)]);
        tokio::spawn(async move { (number, store.append(append.into()).await) })
    });
    for append in futures_util::future::join_all(appends).await {
        let (number, outcome) = append.unwrap();
        assert_eq!(outcome.is_ok(), number != 17, "{number}: {outcome:?}");
        if let Err(AppendError::Store(source)) = outcome {
            let text = format!("{source} {source:?}");
            assert!(text.contains("theirs") && text.contains("23514") && !text.contains("bad"), "{text}");
        }
    }
    assert_eq!(all(&fixture.store).await.len(), 39);
}
