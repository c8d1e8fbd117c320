//! Limits of idempotency keys: what is within them comes back, what is over them is refused.

use es_core::{
    AppendError, AppendRequest, Expected, IdempotencyKey, LimitError,
    limits::{KEYS, NAME_BYTES, OUTCOME_BYTES},
};

use super::{Keyed, fresh, key, taken};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq, note, subject::raw},
};

/// One key twice in a request is refused with a typed error.
pub async fn a_key_twice_in_one_append_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let request = keyed.request(Expected::Any, vec![note(7)?]);
    let request = request.with_key(key("two", 1, "a")?).with_key(key("one", 1, "")?).with_key(key("two", 2, "b")?);
    let answer = keyed.subject.store.append(request).await;
    let refused = matches!(&answer, Err(AppendError::DuplicateKey { key }) if key == "two");
    ensure("a key that is there twice is refused with a typed error", refused, || format!("{answer:?}"))?;
    keyed.nothing_more().await
}

/// A thousand keys in one request are taken; one more is refused with a typed error.
pub async fn a_thousand_keys_in_one_append_are_taken(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    let keys = |count| {
        (0..count).try_fold(AppendRequest::default(), |request, number| {
            Ok::<_, BrokenPromise>(request.with_key(key(&format!("{number}"), 1, "")?))
        })
    };
    let answer = subject.store.append(keys(KEYS + 1)?).await;
    let refused = matches!(&answer, Err(AppendError::Limit(LimitError::TooMany { count, .. })) if *count == KEYS + 1);
    ensure("more are refused with a typed error", refused, || format!("{answer:?}"))?;
    subject.store.append(keys(KEYS)?).await?;
    let taken = taken("all of them again", subject.store.append(keys(KEYS)?).await)?;
    ensure_eq("all are taken", KEYS, taken.keys().count())
}

/// The longest key and the longest outcome come back, whatever the bytes of the outcome; keys that differ in one byte are
/// different keys.
pub async fn keys_and_outcomes_at_the_limit_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    let long = "é".repeat(NAME_BYTES / 2 - 1);
    let every = (0..=u8::MAX).cycle().take(OUTCOME_BYTES).collect::<Vec<_>>();
    let keys = [
        (format!("{long}1x"), every),
        (format!("{long}1y"), Vec::new()),
        ("k".to_owned(), vec![0]),
        ("K".to_owned(), b"\xff\xfe".to_vec()),
        ("k ".to_owned(), b"null".to_vec()),
        (" k".to_owned(), b"{}".to_vec()),
        ("\u{e9}".to_owned(), b"composed".to_vec()),
        ("e\u{301}".to_owned(), b"decomposed".to_vec()),
    ];
    for (name, outcome) in &keys {
        let key = IdempotencyKey::new(name, [1; 32], outcome.clone())?;
        subject.store.append(AppendRequest::default().with_key(key)).await?;
    }
    for (name, outcome) in &keys {
        let taken = taken(name, subject.store.append(AppendRequest::default().with_key(key(name, 1, "")?)).await)?;
        let same = taken.first().outcome() == outcome;
        ensure("the outcome comes back as it was", same, || format!("{} bytes", taken.first().outcome().len()))?;
    }
    Ok(())
}

/// The outcomes of a request count towards its bytes with payloads and metadata: more than 64 MiB together are refused.
pub async fn outcomes_count_as_bytes_of_an_append(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let payload = format!("\"{}\"", "p".repeat(1000 * 1024));
    let events = [raw("sample.noted", payload.clone())?, raw("sample.noted", payload)?];
    let outcome = bytes::Bytes::from(vec![b'o'; OUTCOME_BYTES]);
    let request = (0..KEYS).try_fold(keyed.request(Expected::Any, events.to_vec()), |request, number| {
        Ok::<_, BrokenPromise>(request.with_key(IdempotencyKey::new(format!("{number}"), [1; 32], outcome.clone())?))
    })?;
    let answer = keyed.subject.store.append(request).await;
    let refused = matches!(&answer, Err(AppendError::Limit(LimitError::TooLarge { .. })));
    ensure("they are refused with a typed error", refused, || format!("{answer:?}"))?;
    keyed.nothing_more().await
}
