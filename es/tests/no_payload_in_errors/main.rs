//! No error shows any of a payload: a canary value is in every kind of bad payload, on every read path.

#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod holding;

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use es::{
    Append, AppendRequest, AsOf, Checkpoint, EncodeError, EventName, Expected, IdempotencyKey, KeysTaken, NewEvent,
    Position, ReadModelState, SchemaVersion, StoreError, StoreErrorKind, TakenKey, Timestamp, UnknownOutcome,
    prelude::*,
    store::{Claim, ReadModelId, ReadModelStep, StoredRow, StoredSnapshot, limits},
    testing::scenario,
};
use serde::{Deserializer, de};
use uuid::Uuid;

use crate::holding::Holding;

/// The canary as a text and as a number. The test searches for the digits that both have.
const CANARY: &str = "7281947281";
const TEXT: &str = "canary-7281947281";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
    Other(String),
    Pair { left: u8, right: u8 },
}

/// A type whose `Deserialize` and `FromStr` quote the value that they refuse.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Iban(String);

#[derive(Debug)]
struct Quoting(String);

impl fmt::Display for Quoting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no IBAN", self.0)
    }
}

impl Error for Quoting {}

impl Iban {
    fn parse(text: String) -> Result<Self, Quoting> {
        if text.starts_with("DE") { Ok(Self(text)) } else { Err(Quoting(text)) }
    }
}

impl<'de> Deserialize<'de> for Iban {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<u8>,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
#[serde(deny_unknown_fields)]
struct Opened {
    #[event(changed(in = 2, from = String, try_with = Iban::parse))]
    iban: Iban,
    #[event(changed(in = 3, from = String, try_with = |text| text.parse::<u8>()))]
    level: u8,
    #[serde(default)]
    currency: Option<Currency>,
    #[serde(default)]
    counts: BTreeMap<u32, bool>,
    #[serde(default)]
    pair: Option<(u8, u8)>,
    #[serde(default)]
    letter: Option<char>,
    #[serde(default)]
    amount: Option<f64>,
    #[serde(default)]
    owners: Vec<Iban>,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.moved")]
struct Moved {
    to: String,
    #[serde(flatten)]
    place: Place,
}

mod v1 {
    use super::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.rated")]
    pub(super) struct Rated(pub(super) String, pub(super) u8);
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.rated", version = 2, previous = v1::Rated)]
struct Rated {
    by: Iban,
}

impl TryFrom<v1::Rated> for Rated {
    type Error = Quoting;

    fn try_from(v1::Rated(by, _): v1::Rated) -> Result<Self, Quoting> {
        Ok(Self { by: Iban::parse(by)? })
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.teased")]
struct Teased {
    by: Iban,
}

impl Retired<Account> for Teased {
    fn successors(self) -> impl IntoEvents<Account> {}
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Opened, Moved, Rated), retired(Teased))]
struct Account;

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {}
    fn moved(&mut self, _: Moved) {}
    fn rated(&mut self, _: Rated) {}
}

/// Every kind of bad payload: the mistake, the event, the schema version and the payload. `@` is the canary as a text, `%` as a
/// number.
const BAD: &[(&str, &str, u32, &str)] = &[
    ("a syntax error", "account.opened", 3, r#"{"iban":"@" "level":1}"#),
    ("no JSON", "account.opened", 3, "@"),
    ("JSON with a tail", "account.moved", 1, r#"{"to":"x"}"@""#),
    ("an escape that is none", "account.moved", 1, r#"{"to":"@\x"}"#),
    ("a control character", "account.moved", 1, "{\"to\":\"@\n\"}"),
    ("half of a surrogate pair", "account.moved", 1, r#"{"to":"@\ud83d"}"#),
    ("cut in a text", "account.opened", 3, r#"{"iban":"@"#),
    ("cut behind a key", "account.opened", 3, r#"{"@":"#),
    ("a text for a number", "account.opened", 3, r#"{"iban":"DE1","level":"@"}"#),
    ("a number for a text", "account.opened", 3, r#"{"iban":%,"level":1}"#),
    ("a float for a number", "account.opened", 3, r#"{"iban":"DE1","level":%.5}"#),
    ("a number that is too large", "account.opened", 3, r#"{"iban":"DE1","level":%}"#),
    ("a number below zero", "account.opened", 3, r#"{"iban":"DE1","level":-%}"#),
    ("a number beyond every float", "account.opened", 3, r#"{"iban":"DE1","level":1,"amount":%e999}"#),
    ("a text for an object", "account.opened", 3, r#""@""#),
    ("a number for an object", "account.opened", 3, "%"),
    ("a list for a number", "account.opened", 3, r#"{"iban":"DE1","level":["@"]}"#),
    ("an object for a text", "account.moved", 1, r#"{"to":{"@":%}}"#),
    ("an unknown key", "account.opened", 3, r#"{"iban":"DE1","level":1,"@":2}"#),
    ("an unknown key of an older version", "account.opened", 1, r#"{"iban":"DE1","level":"1","@":2}"#),
    ("a key twice", "account.opened", 3, r#"{"iban":"DE@","iban":"DE@","level":1}"#),
    ("a key missing", "account.opened", 3, r#"{"iban":"DE@"}"#),
    ("an unknown variant", "account.opened", 3, r#"{"iban":"DE1","level":1,"currency":"@"}"#),
    ("an unknown variant with content", "account.opened", 3, r#"{"iban":"DE1","level":1,"currency":{"@":1}}"#),
    ("a variant of another content", "account.opened", 3, r#"{"iban":"DE1","level":1,"currency":{"Other":%}}"#),
    ("a bad field in a variant", "account.opened", 3, r#"{"iban":"DE1","level":1,"currency":{"Pair":{"left":"@"}}}"#),
    ("a number for a variant", "account.opened", 3, r#"{"iban":"DE1","level":1,"currency":%}"#),
    ("a bad key in a map", "account.opened", 3, r#"{"iban":"DE1","level":1,"counts":{"@":true}}"#),
    ("a large key in a map", "account.opened", 3, r#"{"iban":"DE1","level":1,"counts":{"%":true}}"#),
    ("a bad value in a map", "account.opened", 3, r#"{"iban":"DE1","level":1,"counts":{"1":"@"}}"#),
    ("a tuple that is too long", "account.opened", 3, r#"{"iban":"DE1","level":1,"pair":[1,2,"@"]}"#),
    ("a tuple that is too short", "account.opened", 3, r#"{"iban":"DE@","level":1,"pair":[1]}"#),
    ("a text for a letter", "account.opened", 3, r#"{"iban":"DE1","level":1,"letter":"@"}"#),
    ("refused by its `Deserialize`", "account.opened", 3, r#"{"iban":"@","level":1}"#),
    ("refused in a list", "account.opened", 2, r#"{"iban":"DE1","level":"1","owners":["DE2","@"]}"#),
    ("refused by `try_with`", "account.opened", 1, r#"{"iban":"@","level":"1"}"#),
    ("refused by a later `try_with`", "account.opened", 1, r#"{"iban":"DE1","level":"@"}"#),
    ("refused by a closure", "account.opened", 2, r#"{"iban":"DE1","level":"%"}"#),
    ("a bad field among flattened ones", "account.moved", 1, r#"{"to":"@","city":"@"}"#),
    ("a large field among flattened ones", "account.moved", 1, r#"{"to":"x","city":%}"#),
    ("flattened, and a key missing", "account.moved", 1, r#"{"@":"@"}"#),
    ("refused by `TryFrom`", "account.rated", 1, r#"["@",1]"#),
    ("an array that is too long", "account.rated", 1, r#"["x",1,"@"]"#),
    ("an object for an array", "account.rated", 1, r#"{"@":"@"}"#),
    ("refused below a retired event", "account.teased", 1, r#"{"by":"@"}"#),
    ("newer than the program", "account.opened", 4, r#"{"@":%}"#),
    ("an unknown name", "account.unheard", 1, r#"{"@":%}"#),
];

fn payload(template: &str) -> Vec<u8> {
    template.replace('@', TEXT).replace('%', CANARY).into_bytes()
}

fn schema_version(number: u32) -> SchemaVersion {
    SchemaVersion::new(number).unwrap()
}

/// `Display` and `Debug` of an error and of all its sources.
fn shown(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        writeln!(text, "{error}\n{error:?}\n{error:#?}").unwrap();
        next = error.source();
    }
    text
}

fn silent(what: &str, path: &str, error: &dyn Error) {
    let text = shown(error);
    assert!(!text.contains(CANARY), "{what}, by {path}, is quoted:\n{text}");
    assert!(!text.contains("canary"), "{what}, by {path}, is quoted:\n{text}");
}

#[test]
fn errors_of_decoding_an_event_show_no_payload() {
    for (what, name, version, template) in BAD {
        let (stored, payload) = (schema_version(*version), payload(template));
        let error = match *name {
            "account.opened" => Opened::decode(stored, &payload).unwrap_err(),
            "account.moved" => Moved::decode(stored, &payload).unwrap_err(),
            "account.rated" => Rated::decode(stored, &payload).unwrap_err(),
            "account.teased" => Teased::decode(stored, &payload).unwrap_err(),
            _ => continue,
        };
        silent(what, "`Event::decode`", &error);
    }
}

#[test]
fn errors_of_decoding_by_a_set_show_no_payload() {
    for (what, name, version, template) in BAD {
        let read = AccountEvent::decode(Account::CATEGORY, name, schema_version(*version), &payload(template), |_| {});
        silent(what, "`EventSet::decode`", &read.unwrap_err());
    }
}

#[tokio::test]
async fn errors_of_loading_executing_reading_and_subscribing_show_no_payload() {
    struct Anything;
    impl Handle<Anything> for Account {
        type Error = std::convert::Infallible;
        fn handle(&self, _: Anything) -> Result<impl IntoEvents<Self>, Self::Error> {
            Ok(())
        }
    }
    impl Clone for Anything {
        fn clone(&self) -> Self {
            Self
        }
    }
    let id = "1".to_owned();
    for (what, name, version, template) in BAD {
        let store = Holding::new(name, *version, payload(template));
        let accounts = store.repository::<Account>();
        silent(what, "`load`", &accounts.load(&id).await.unwrap_err());
        let at = AsOf::Version(Version::FIRST);
        silent(what, "`load_at`", &accounts.load_at(&id, at).await.unwrap_err());
        silent(what, "`execute`", &accounts.execute(&id, Anything).await.unwrap_err());

        let stream = store.0.stream.clone();
        let mut one = store.stream(&stream).events::<AccountEvent>().read();
        silent(what, "`stream`", &one.next().await.unwrap().unwrap_err());
        let mut all = store.events::<AccountEvent>().read();
        silent(what, "`events`", &all.next().await.unwrap().unwrap_err());
        let mut live = store.events::<AccountEvent>().subscribe();
        silent(what, "`subscribe`", &live.next().await.unwrap().unwrap_err());
    }
}

#[test]
fn errors_of_a_scenario_show_no_payload() {
    for (what, name, version, template) in BAD {
        let given = || drop(scenario::<Account>().given_stored(name, *version, payload(template)));
        let panic = catch_unwind(AssertUnwindSafe(given)).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(!text.contains(CANARY), "{what}, by a scenario, is quoted:\n{text}");
    }
}

#[tokio::test]
async fn errors_of_metadata_do_not_show_it() {
    let mut event = Holding::new("account.moved", 1, payload(r#"{"to":"x"}"#)).0.clone();
    for template in [r#"{"correlation_id":"@"}"#, r#"{"@"#, r#"["@"]"#, "%"] {
        event.metadata = Some(payload(template).into());
        let store = Arc::new(Holding(event.clone()));
        let mut all = store.events::<AccountEvent>().read();
        if let Err(error) = all.next().await.unwrap() {
            silent(template, "its metadata", &error);
        }
    }
}

#[test]
fn errors_of_encoding_show_no_payload() {
    let unreadable = AccountEvent::from(Rated { by: Iban(TEXT.into()) });
    let error = NewEvent::encode(&unreadable, drop).unwrap_err();
    assert!(matches!(error, EncodeError::Unreadable { .. }), "{error:?}");
    silent("what does not decode again", "`NewEvent::encode`", &error);

    let (id, name) = (Uuid::nil(), EventName::new("account.moved").unwrap());
    for template in [r#"{"@":"#, r#""@\u0000""#, "%e999", r#"{"@":%"#] {
        let error = NewEvent::from_json(id, name.clone(), SchemaVersion::FIRST, payload(template)).unwrap_err();
        silent(template, "`NewEvent::from_json`", &error);
    }
}

/// Errors and logs show the `Debug` output: the events and their number of bytes.
#[test]
fn debug_of_events_and_unknown_appends_shows_no_payload() {
    let metadata = Metadata::new().with_actor(TEXT);
    let name = EventName::new("account.moved").unwrap();
    let event = NewEvent::from_json(Uuid::from_u128(4711), name, SchemaVersion::FIRST, payload(r#"{"@":%}"#));
    let event = event.unwrap().with_metadata(&metadata).unwrap();
    let stream = StreamId::new("account", "1").unwrap();
    let stored = event.clone().into_stored(stream.clone(), Version::FIRST, Position::new(1), Timestamp::UNIX_EPOCH);
    let (payload, metadata) = (event.payload().len(), serde_json::to_vec(&metadata).unwrap().len());
    let lengths = format!("payload_bytes: {payload}, metadata_bytes: Some({metadata})");
    let append = Append::new(stream.clone(), Expected::Any, vec![event]);
    let key = IdempotencyKey::new("request-4711", [7; 32], TEXT).unwrap();
    let request = AppendRequest::from(append.clone()).with_key(key);
    let unknown = AppendError::from(UnknownOutcome::new(
        request.clone(),
        StoreError::new(StoreErrorKind::Other, Quoting("of the connection".into())),
    ));
    for shown in [format!("{stored:?}"), format!("{append:?}"), format!("{request:?}"), format!("{unknown:?}")] {
        assert!(!shown.contains(CANARY), "{shown}");
        for says in ["account.moved", &Uuid::from_u128(4711).to_string(), &lengths] {
            assert!(shown.contains(says), "{says:?} is not in {shown}");
        }
    }
    let taken = TakenKey::new(&request.keys()[0], &[7; 32], request.keys()[0].outcome().clone());
    silent("a key that is taken", "`KeysTaken`", &AppendError::from(KeysTaken::new(taken)));
    let snapshot = StoredSnapshot::after(&stored, "s", stored.payload.clone());
    let shown = format!("{snapshot:?} {}", snapshot.no_such_event());
    assert!(!shown.contains(CANARY) && shown.contains(&format!("payload_bytes: {payload}")), "{shown}");
}

/// Rows are folded from payloads, and keys are often people's names.
#[test]
fn rows_of_read_models_show_neither_their_keys_nor_their_states() {
    let state = payload(r#"{"@":%}"#);
    let row = || StoredRow::new(TEXT, state.clone());
    let at = Checkpoint::START;
    let mut step = ReadModelStep::new(at, at, ReadModelState::Live);
    step.rows = vec![row()];
    let lengths = format!("StoredRow {{ key_bytes: {}, state_bytes: {} }}", TEXT.len(), state.len());
    for shown in [format!("{:?}", row()), format!("{step:?}")] {
        assert!(!shown.contains(CANARY) && shown.contains(&lengths), "{shown}");
    }
    let claim = Claim::new(ReadModelId::new("accounts", 1).unwrap(), 1, at, at, true);
    for (what, rows) in [
        ("a key twice", vec![row(), row()]),
        ("a key with a NUL", vec![StoredRow::new(format!("{TEXT}\0"), state.clone())]),
        ("a key that is too long", vec![StoredRow::new(TEXT.repeat(100), state.clone())]),
        ("a state that is too long", vec![StoredRow::new(TEXT, TEXT.repeat(2 * 1024 * 1024))]),
    ] {
        step.rows = rows;
        silent(what, "`check_step`", &limits::check_step(&claim, &step).unwrap_err());
    }
}

#[test]
fn the_test_finds_the_canary_where_it_is() {
    let quoting = serde_json::from_slice::<Opened>(&payload(r#"{"iban":"@","level":1}"#)).unwrap_err();
    assert!(shown(&quoting).contains(CANARY));
    let chained = ReadError::Store(StoreError::new(StoreErrorKind::Other, Quoting(TEXT.into())));
    assert!(shown(&chained).contains(CANARY));
}
