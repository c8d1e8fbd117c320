//! Reads logs that older programs wrote, on every read path.

#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::{error::Error, sync::Arc};

use es::{
    Append, AsOf, Checkpoint, DecodeError, EventName, EventStore, Expected, Filter, LoadError, MemoryStore, NewEvent,
    ReadError, SchemaVersion, StreamId, Version, prelude::*,
};
use futures_util::{StreamExt, TryStreamExt};
use uuid::Uuid;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 3, alias("deposit_made", up_to = 1))]
struct Deposited {
    #[event(renamed(in = 2, from = "value"), changed(in = 3, from = String, try_with = |text| text.parse::<i64>()))]
    amount: i64,
    #[event(added(in = 3, default = "cash".into()))]
    source: String,
}

mod v1 {
    use super::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.withdrawn", alias("withdrawal", up_to = 1))]
    pub(super) struct Withdrawn(pub(super) i64);
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawn", version = 2, previous = v1::Withdrawn)]
struct Withdrawn {
    amount: i64,
}

impl From<v1::Withdrawn> for Withdrawn {
    fn from(v1::Withdrawn(amount): v1::Withdrawn) -> Self {
        Self { amount }
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "transfer.made")]
struct TransferMade {
    out: i64,
    back: i64,
}

impl Retired<Account> for TransferMade {
    fn successors(self) -> impl IntoEvents<Account> {
        (Withdrawn { amount: self.out }, Deposited { amount: self.back, source: "transfer".into() })
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.greeted")]
struct Greeted;

impl Retired<Account> for Greeted {
    fn successors(self) -> impl IntoEvents<Account> {}
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq)]
#[aggregate(category = "account", id = String, events(Deposited, Withdrawn), retired(TransferMade, Greeted))]
struct Account {
    balance: i64,
    sources: Vec<String>,
}

#[es::apply]
impl Account {
    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
        self.sources.push(event.source);
    }
    fn withdrawn(&mut self, event: Withdrawn) {
        self.balance -= event.amount;
    }
}

const LOG: [(&str, u32, &str); 7] = [
    ("deposit_made", 1, r#"{"value":"100"}"#),
    ("account.greeted", 1, "null"),
    ("account.deposited", 2, r#"{"amount":"20"}"#),
    ("withdrawal", 1, "3"),
    ("transfer.made", 1, r#"{"out":50,"back":5}"#),
    ("account.withdrawn", 2, r#"{"amount":7}"#),
    ("account.deposited", 3, r#"{"amount":1,"source":"till"}"#),
];

fn stored(name: &str, schema_version: u32, payload: &str) -> NewEvent {
    let schema_version = SchemaVersion::new(schema_version).unwrap();
    NewEvent::from_json(Uuid::now_v7(), EventName::new(name).unwrap(), schema_version, payload.to_owned()).unwrap()
}

async fn store_with(log: &[(&str, u32, &str)]) -> Arc<dyn EventStore> {
    let store = MemoryStore::new();
    let events = log.iter().map(|(name, schema_version, payload)| stored(name, *schema_version, payload)).collect();
    let stream = StreamId::new("account", "ada").unwrap();
    store.append(Append::new(stream, Expected::NoStream, events).into()).await.unwrap();
    Arc::new(store)
}

fn ada() -> Account {
    Account { balance: 66, sources: ["cash", "cash", "transfer", "till"].map(str::to_owned).to_vec() }
}

#[tokio::test]
async fn a_load_upcasts_every_event_and_counts_stored_ones() {
    let store = store_with(&LOG).await;
    let accounts = store.repository::<Account>();
    let root = accounts.load(&"ada".to_owned()).await.unwrap();
    assert_eq!((root.state(), root.version()), (&ada(), Version::new(7)));
    let fifth = accounts.load_at(&"ada".to_owned(), AsOf::Version(Version::new(5))).await.unwrap();
    assert_eq!((fifth.state().balance, fifth.version()), (72, Version::new(5)));
}

#[tokio::test]
async fn an_event_is_appended_to_an_older_log() {
    let store = store_with(&LOG).await;
    let accounts = store.repository::<Account>();
    let id = "ada".to_owned();
    let executed = accounts.update(&id, |_| Withdrawn { amount: 6 }).await.unwrap();
    assert_eq!((executed.root.state().balance, executed.root.version()), (60, Version::new(8)));
}

type Parts = Vec<(Version, u32, AccountEvent)>;

fn parts(recorded: Vec<Recorded<AccountEvent>>) -> Parts {
    recorded.into_iter().map(|recorded| (recorded.version, recorded.part, recorded.event)).collect()
}

fn all_parts() -> Parts {
    let deposited = |amount, source: &str| AccountEvent::from(Deposited { amount, source: source.into() });
    let withdrawn = |amount| AccountEvent::from(Withdrawn { amount });
    vec![
        (Version::new(1), 0, deposited(100, "cash")),
        (Version::new(3), 0, deposited(20, "cash")),
        (Version::new(4), 0, withdrawn(3)),
        (Version::new(5), 0, withdrawn(50)),
        (Version::new(5), 1, deposited(5, "transfer")),
        (Version::new(6), 0, withdrawn(7)),
        (Version::new(7), 0, deposited(1, "till")),
    ]
}

#[tokio::test]
async fn the_parts_of_a_split_keep_the_stored_version_and_position() {
    let store = store_with(&LOG).await;
    let stream = StreamId::new("account", "ada").unwrap();
    let of_stream = store.stream(&stream).events::<AccountEvent>().read();
    assert_eq!(parts(of_stream.try_collect().await.unwrap()), all_parts());
    let of_all: Vec<_> = store.events::<AccountEvent>().read().try_collect().await.unwrap();
    let positions: Vec<_> = of_all.iter().map(|recorded| recorded.position.get()).collect();
    assert_eq!(positions, [1, 3, 4, 5, 5, 6, 7]);
    assert_eq!(parts(of_all), all_parts());
    let subscribed = store.events::<AccountEvent>().subscribe().take(7).try_collect().await.unwrap();
    assert_eq!(parts(subscribed), all_parts());
}

#[tokio::test]
async fn a_limit_counts_stored_events() {
    let store = store_with(&LOG).await;
    let five: Vec<_> = store.events::<AccountEvent>().limit(5).read().try_collect().await.unwrap();
    assert_eq!(parts(five), all_parts()[..5]);
}

#[tokio::test]
async fn a_filter_by_event_finds_its_former_names() {
    let store = store_with(&LOG).await;
    let names = async |filter: Filter| -> Vec<String> {
        let events: Vec<_> = store.read_all(Checkpoint::START, &filter, None).try_collect().await.unwrap();
        events.into_iter().map(|event| event.name.to_string()).collect()
    };
    assert_eq!(
        names(Filter::all().event::<Deposited>()).await,
        ["deposit_made", "account.deposited", "account.deposited"]
    );
    assert_eq!(names(Filter::all().event::<Withdrawn>()).await, ["withdrawal", "account.withdrawn"]);
    assert_eq!(names(Filter::events::<AccountEvent>()).await.len(), LOG.len());
}

const CANARY: &str = "c4n4ry";

/// Payloads that do not fit, each with a secret value.
const BAD: [(&str, u32, &str); 9] = [
    ("account.deposited", 3, r#"{"amount":"c4n4ry","source":"x"}"#),
    ("account.deposited", 3, r#"{"amount":1,"source":["c4n4ry"]}"#),
    ("account.deposited", 3, r#"{"c4n4ry":1}"#),
    ("account.deposited", 2, r#"{"amount":"c4n4ry"}"#),
    ("deposit_made", 1, r#"{"value":{"c4n4ry":"c4n4ry"}}"#),
    ("withdrawal", 1, r#""c4n4ry""#),
    ("transfer.made", 1, r#"["c4n4ry"]"#),
    ("account.greeted", 1, r#""c4n4ry""#),
    ("account.withdrawn", 3, r#"{"amount":"c4n4ry"}"#),
];

#[tokio::test]
async fn an_error_names_everything_except_the_payload() {
    for bad @ (name, schema_version, payload) in BAD {
        let store = store_with(&[LOG[0], bad]).await;
        let error = store.repository::<Account>().load(&"ada".to_owned()).await.unwrap_err();
        let LoadError::Read(ReadError::Decode {
            stream,
            version,
            position,
            name: told,
            schema_version: told_version,
            ..
        }) = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!((stream.to_string().as_str(), *version), ("account/ada", Version::new(2)));
        assert_eq!((position.get(), told.as_str(), told_version.get()), (2, name, schema_version));
        let mut texts = vec![format!("{error:?}")];
        let mut next: Option<&dyn Error> = Some(&error);
        while let Some(error) = next {
            texts.push(error.to_string());
            next = error.source();
        }
        assert!(!texts.iter().any(|text| text.contains(CANARY)), "{payload}: {texts:#?}");
    }
}

#[tokio::test]
async fn the_error_of_a_newer_schema_version_names_the_known_one() {
    let store = store_with(&[("account.deposited", 4, "{}")]).await;
    let error = store.repository::<Account>().load(&"ada".to_owned()).await.unwrap_err();
    let LoadError::Read(ReadError::Decode { source: DecodeError::Newer { known }, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(known.get(), 3);
}
