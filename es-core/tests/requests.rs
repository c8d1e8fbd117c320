//! Requests: their parts, their limits, and that no part is lost on the way to a store.

#[path = "shared/empty_log.rs"]
mod empty_log;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use es_core::{
    Append, AppendError, AppendRequest, Appended, Conflict, EventName, EventStore, Expected, IdempotencyKey, KeysTaken,
    LimitError, NewEvent, SchemaVersion, StoreError, StoreErrorKind, StreamId, TakenKey, UnknownOutcome, Version,
    Violation,
    limits::{self, KEYS, NAME_BYTES, OUTCOME_BYTES},
};
use uuid::Uuid;

use empty_log::{Answers, EmptyLog};

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::new(name, [7; 32], "secret").expect("a key")
}

fn append() -> Append {
    let name = EventName::from_static("account.opened").expect("a name");
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "{}").expect("an event");
    Append::new(StreamId::new("account", "1").expect("a stream"), Expected::Any, vec![event])
}

#[test]
fn a_key_that_not_every_store_can_hold_is_refused() {
    let refused = |name: &str, bytes: usize| IdempotencyKey::new(name, [0; 32], vec![0; bytes]).expect_err("refused");
    let what = "idempotency key";
    assert_eq!(refused("", 0), LimitError::Empty { what });
    assert_eq!(refused("a\0b", 0), LimitError::Nul { what });
    let long = "k".repeat(NAME_BYTES + 1);
    assert_eq!(refused(&long, 0), LimitError::TooLong { what, bytes: NAME_BYTES + 1, limit: NAME_BYTES });
    let (what, bytes) = ("outcome of an idempotency key", OUTCOME_BYTES + 1);
    assert_eq!(refused("k", bytes), LimitError::TooLong { what, bytes, limit: OUTCOME_BYTES });
    let longest = IdempotencyKey::new(&long[1..], [0; 32], vec![0; OUTCOME_BYTES]).expect("as long as it may be");
    assert_eq!((longest.key().len(), longest.outcome().len()), (NAME_BYTES, OUTCOME_BYTES));
}

#[test]
fn too_many_keys_and_duplicate_keys_are_refused() {
    let many = |count: usize| (0..count).map(|number| key(&number.to_string()));
    let request = |count| many(count).fold(AppendRequest::from(append()), AppendRequest::with_key);
    assert!(limits::check(&request(KEYS)).is_ok());
    let refused = limits::check(&request(KEYS + 1));
    let Err(AppendError::Limit(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error, LimitError::TooMany { what: "idempotency keys", count: KEYS + 1, limit: KEYS });
    // Also with one event or none, which `limits::check` handles in a shortcut.
    for request in [AppendRequest::default(), AppendRequest::from(append())] {
        let refused = limits::check(&request.with_key(key("one")).with_key(key("one")));
        assert!(matches!(&refused, Err(AppendError::DuplicateKey { key }) if key == "one"), "{refused:?}");
    }
}

#[test]
fn a_request_keeps_all_of_its_parts() {
    let (one, other) =
        (append(), Append::assertion(StreamId::new("account", "2").expect("a stream"), Expected::Exists));
    let request = AppendRequest::from(vec![one.clone(), other.clone()]);
    assert_eq!(request, AppendRequest::new([one.clone(), other.clone()]));
    assert_eq!(AppendRequest::from(one.clone()), AppendRequest::new([one.clone()]));
    assert!(request.events().eq(&one.events));
    let request = request.with_key(key("a")).with_key(key("b"));
    assert_eq!((request.appends(), request.keys()), (&[one.clone(), other.clone()][..], &[key("a"), key("b")][..]));
    let again = UnknownOutcome::new(request.clone(), StoreError::new(StoreErrorKind::TimedOut, "no answer"));
    assert_eq!(again.request(), &request);
    assert_eq!(again.into_request(), request);
    assert_eq!(request.clone().into_parts(), (vec![one, other], vec![key("a"), key("b")]));
    assert!(matches!(request.into_appends(), Err(AppendError::KeysUnsupported)));
}

#[test]
fn taken_keys_print_what_to_do_and_no_outcome() {
    let again = TakenKey::new(&key("a"), &[7; 32], "secret".into());
    let other = TakenKey::new(&key("b"), &[8; 32], "secret".into());
    assert!(again.same_digest() && !other.same_digest());
    let error = AppendError::from(KeysTaken::from_all([again, other]).expect("two keys"));
    assert_eq!(
        error.to_string(),
        "idempotency key `a` was taken by the same command before; its first outcome is the answer; \
         idempotency key `b` was taken by another command; \
         give each command a key of its own"
    );
    let shown = format!("{error:?} {:?}", AppendRequest::default().with_key(key("a")));
    assert!(!shown.contains("secret") && shown.contains("outcome_bytes: 6"), "{shown}");
    assert!(!error.is_transient() && !AppendError::KeysUnsupported.is_transient());
}

#[test]
fn a_violation_keeps_all_of_its_parts() {
    let stream = StreamId::new("account", "1").expect("a stream");
    let violation = Violation::of_stream(stream.clone(), Expected::NoStream, Version::FIRST);
    assert_eq!(violation.stream(), Some(&stream));
    assert_eq!((violation.expected(), violation.actual()), (Some(Expected::NoStream), Some(Version::FIRST)));
    assert!(!violation.ids_taken() && violation.clone().with_ids_taken(true).ids_taken());
    let conflict = Conflict::new(violation.with_ids_taken(true));
    assert_eq!(
        (conflict.stream(), conflict.expected(), conflict.actual()),
        (Some(&stream), Some(Expected::NoStream), Some(Version::FIRST))
    );
    assert!(conflict.to_string().contains("some of the event ids are stored already"), "{conflict}");
}

/// Appends are recorded.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<AppendRequest>>);

#[async_trait]
impl Answers for Asked {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.0.lock().expect("nothing panics").push(request);
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn the_whole_request_is_sent_again() {
    let store = Arc::new(EmptyLog::<Asked>::default());
    let request = AppendRequest::from(append()).with_key(key("a")).with_key(key("b"));
    let lost = || UnknownOutcome::new(request.clone(), StoreError::new(StoreErrorKind::TimedOut, "no answer"));
    store.append(request.clone()).await.expect("it answers");
    store.resolve(lost()).await.expect("it answers");
    let shared: Arc<dyn EventStore> = Arc::clone(&store) as _;
    shared.append(request.clone()).await.expect("it answers");
    shared.resolve(lost()).await.expect("it answers");
    assert_eq!(*store.0.0.lock().expect("nothing panics"), vec![request; 4]);
}
