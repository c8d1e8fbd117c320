//! A corpus of stored payloads, read by an application's aggregates.

#![cfg(feature = "testing")]

use std::{fs, path::Path};

use es::{
    prelude::*,
    schema::{Aggregates, Update},
    testing::{Corpus, corpus::Cause},
};
use tempfile::TempDir;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 2, alias("paid/in", up_to = 1))]
struct Deposited {
    #[event(changed(in = 2, from = f64, with = |crowns| (crowns * 100.0).round() as i64))]
    amount: i64,
    #[event(added(in = 2, default = "EUR".to_owned()))]
    currency: String,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "transfer.made")]
struct TransferMade {
    amount: i64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited), retired(TransferMade))]
struct Account;

impl Apply<Deposited> for Account {
    fn apply(&mut self, _: Deposited) {}
}

impl Retired<Account> for TransferMade {
    fn successors(self) -> impl IntoEvents<Account> {
        let part = |amount| Deposited { amount, currency: "EUR".into() };
        [part(self.amount), part(1)]
    }
}

#[derive(Aggregate, Default)]
#[aggregate(category = "ledger", id = String, events(TransferMade))]
struct Ledger;

impl Apply<TransferMade> for Ledger {
    fn apply(&mut self, _: TransferMade) {}
}

/// A corpus with a payload of every schema version.
fn complete() -> TempDir {
    let directory = TempDir::new().expect("a directory");
    put(&directory, "paid%2Fin/1/first.json", r#"{"amount":12.5}"#);
    put(&directory, "account.deposited/2/first.json", r#"{"amount":7,"currency":"SEK"}"#);
    put(&directory, "transfer.made/1/only.json", r#"{"amount":3}"#);
    directory
}

fn put(directory: &TempDir, file: &str, text: &str) {
    let path = directory.path().join(file);
    fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn text(directory: &TempDir, file: &str) -> String {
    fs::read_to_string(directory.path().join(file)).expect("a file")
}

/// The findings: paths and reasons.
fn findings<A: Aggregates>(directory: &TempDir, update: Update) -> Vec<(String, Cause)> {
    let Err(error) = Corpus::new(directory.path()).run::<A>(update) else { return Vec::new() };
    let relative = |path: &Path| path.strip_prefix(directory.path()).expect("inside").display().to_string();
    error.findings.into_iter().map(|finding| (relative(&finding.path), finding.cause)).collect()
}

#[track_caller]
fn finds(directory: &TempDir, file: &str, says: &str) {
    let findings = findings::<Account>(directory, Update::Nothing);
    let [(path, cause)] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(path, file);
    assert!(cause.to_string().contains(says), "{cause}");
}

#[test]
fn the_reading_of_a_payload_is_written_once_and_then_compared() {
    let directory = complete();
    let unwritten = findings::<Account>(&directory, Update::Nothing);
    assert_eq!(unwritten.len(), 3);
    assert!(unwritten.iter().all(|(_, cause)| matches!(cause, Cause::NotWritten)), "{unwritten:?}");

    assert_eq!(findings::<Account>(&directory, Update::New).len(), 0);
    assert_eq!(text(&directory, "paid%2Fin/1/first.now.json"), "{\n  \"amount\": 1250,\n  \"currency\": \"EUR\"\n}\n");
    put(&directory, "paid%2Fin/1/first.now.json", r#"{"currency":"EUR","amount":1250}"#);
    assert_eq!(findings::<Account>(&directory, Update::Nothing).len(), 0);
}

#[test]
fn another_reading_is_shown_and_overwritten_only_on_demand() {
    let directory = complete();
    findings::<Account>(&directory, Update::New);
    let now = "paid%2Fin/1/first.now.json";
    put(&directory, now, r#"{"currency":"EUR","amount":12}"#);
    finds(&directory, "paid%2Fin/1/first.json", "-   \"amount\": 12,\n    +   \"amount\": 1250,\n");
    assert_eq!(findings::<Account>(&directory, Update::Nothing).len(), 1);
    assert_eq!(text(&directory, now), r#"{"currency":"EUR","amount":12}"#);
    assert_eq!(findings::<Account>(&directory, Update::New).len(), 0);
    assert!(text(&directory, now).contains("1250"));
}

#[test]
fn a_retired_event_is_read_as_its_successors() {
    let directory = complete();
    findings::<Account>(&directory, Update::New);
    let successors = text(&directory, "transfer.made/1/only.now.json");
    let parts = serde_json::from_str::<serde_json::Value>(&successors).expect("JSON");
    let part = |amount| serde_json::json!({ "event": "account.deposited", "payload": { "amount": amount, "currency": "EUR" } });
    assert_eq!(parts, serde_json::json!([part(3), part(1)]));

    findings::<(Account, Ledger)>(&directory, Update::New);
    let both = text(&directory, "transfer.made/1/only.now.json");
    let both = serde_json::from_str::<serde_json::Value>(&both).expect("JSON");
    assert_eq!(both, serde_json::json!({ "account": [part(3), part(1)], "ledger": { "amount": 3 } }));
}

#[test]
fn a_schema_version_without_a_payload_fails() {
    let directory = complete();
    findings::<Account>(&directory, Update::New);
    fs::remove_dir_all(directory.path().join("paid%2Fin")).expect("removed");
    finds(&directory, "account.deposited/1", "no payload of this schema version is kept");
    put(&directory, "account.deposited/1/x.json", r#"{"amount":1}"#);
    assert_eq!(findings::<Account>(&directory, Update::New).len(), 0);

    let nothing = TempDir::new().expect("a directory");
    let paths: Vec<_> = findings::<Account>(&nothing, Update::New).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["account.deposited/1", "account.deposited/2", "transfer.made/1"]);
}

#[test]
fn a_payload_that_can_no_longer_be_read_fails() {
    let directory = complete();
    findings::<Account>(&directory, Update::New);
    put(&directory, "account.deposited/2/bad.json", r#"{"amount":"canary","currency":"SEK"}"#);
    finds(&directory, "account.deposited/2/bad.json", "it can no longer be read");
}

#[test]
fn a_file_that_belongs_to_no_event_fails() {
    for (file, at, says) in [
        ("other.event/1/a.json", "other.event", "no event of these aggregates"),
        (
            "account.deposited/3/a.json",
            "account.deposited/3",
            "no such schema version under this name; its newest is 2",
        ),
        ("paid%2Fin/2/a.json", "paid%2Fin/2", "its newest is 1"),
        ("account.deposited/02/a.json", "account.deposited/02", "no such schema version"),
        ("account.deposited/0/a.json", "account.deposited/0", "no such schema version"),
        ("account.deposited/2/a.txt", "account.deposited/2/a.txt", "neither a payload"),
        ("account.deposited/2/a.now.json", "account.deposited/2/a.now.json", "no payload beside it"),
    ] {
        let directory = complete();
        findings::<Account>(&directory, Update::New);
        put(&directory, file, "{}");
        finds(&directory, at, says);
    }
    let directory = complete();
    findings::<Account>(&directory, Update::New);
    put(&directory, "README.md", "");
    put(&directory, "account.deposited/2/.gitkeep", "");
    assert_eq!(findings::<Account>(&directory, Update::Nothing).len(), 0);
}

#[test]
#[should_panic(expected = "no payload of this schema version is kept; put one here that was stored")]
fn a_failed_check_panics_with_every_finding() {
    Corpus::new("tests/no corpus").check::<Account>();
}

/// The events of `Account` with one more schema version.
mod raised {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.deposited", version = 3, alias("paid/in", up_to = 1))]
    pub(super) struct Deposited {
        #[event(changed(in = 2, from = f64, with = |crowns| (crowns * 100.0).round() as i64))]
        #[event(changed(in = 3, from = i64, with = |cents| cents * 10))]
        amount: i64,
        #[event(added(in = 2, default = "EUR".to_owned()))]
        currency: String,
        #[event(added(in = 3, default = "cash".to_owned()))]
        means: String,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(category = "account", id = String, events(Deposited), retired(TransferMade))]
    pub(super) struct Account;

    impl Apply<Deposited> for Account {
        fn apply(&mut self, _: Deposited) {}
    }

    impl Retired<Account> for TransferMade {
        fn successors(self) -> impl IntoEvents<Account> {
            let part = |amount| Deposited { amount, currency: "EUR".into(), means: "cash".into() };
            [part(self.amount * 10), part(10)]
        }
    }
}

/// As `raised`, with an edited step of an older schema version.
mod edited {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.deposited", version = 3, alias("paid/in", up_to = 1))]
    pub(super) struct Deposited {
        #[event(changed(in = 2, from = f64, with = |crowns| (crowns * 100.0).round() as i64))]
        #[event(changed(in = 3, from = i64, with = |cents| cents * 10))]
        amount: i64,
        #[event(added(in = 2, default = "SEK".to_owned()))]
        currency: String,
        #[event(added(in = 3, default = "cash".to_owned()))]
        means: String,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(category = "account", id = String, events(Deposited))]
    pub(super) struct Account;

    impl Apply<Deposited> for Account {
        fn apply(&mut self, _: Deposited) {}
    }
}

#[test]
fn another_reading_is_accepted_when_its_schema_version_was_raised() {
    for written in [true, false] {
        let directory = complete();
        assert_eq!(findings::<Account>(&directory, Update::New).len(), 0);
        if !written {
            fs::remove_file(directory.path().join("versions.json")).expect("removed");
        }
        let before = text(&directory, "paid%2Fin/1/first.now.json");
        let [(missing, cause)] = &findings::<raised::Account>(&directory, Update::Nothing)[..] else { panic!() };
        assert!(missing == "account.deposited/3" && matches!(cause, Cause::NoPayload), "{missing}: {cause}");
        assert_eq!(text(&directory, "paid%2Fin/1/first.now.json"), before);

        put(&directory, "account.deposited/3/first.json", r#"{"amount":7,"currency":"SEK","means":"card"}"#);
        put(&directory, "account.deposited/3/first.now.json", r#"{"amount":7,"currency":"SEK","means":"card"}"#);
        assert_eq!(findings::<raised::Account>(&directory, Update::Nothing).len(), 0);
        assert_eq!(findings::<raised::Account>(&directory, Update::New).len(), 0);
        assert!(text(&directory, "paid%2Fin/1/first.now.json").contains("12500"));
        assert_eq!(findings::<raised::Account>(&directory, Update::Nothing).len(), 0);
    }
}

#[test]
fn another_reading_without_a_raised_schema_version_fails() {
    let directory = complete();
    fs::remove_dir_all(directory.path().join("transfer.made")).expect("removed");
    findings::<Account>(&directory, Update::New);
    put(&directory, "account.deposited/3/first.json", r#"{"amount":7,"currency":"SEK","means":"card"}"#);
    put(&directory, "account.deposited/3/first.now.json", r#"{"amount":7,"currency":"SEK","means":"card"}"#);
    let found = findings::<edited::Account>(&directory, Update::Nothing);
    let [(path, Cause::Changed { diff })] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(path, "paid%2Fin/1/first.json");
    assert!(diff.contains("EUR") && diff.contains("SEK"), "{diff}");
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "vault.filled")]
struct Filled {
    least: i128,
    most: u128,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "vault", id = String, events(Filled))]
struct Vault;

impl Apply<Filled> for Vault {
    fn apply(&mut self, _: Filled) {}
}

#[test]
fn large_numbers_are_written_and_compared_to_the_last_digit() {
    let directory = TempDir::new().expect("a directory");
    let payload = |least: i128| format!("{{\"least\":{least},\"most\":{}}}", u128::MAX);
    put(&directory, "vault.filled/1/a.json", &payload(i128::MIN));
    assert_eq!(findings::<Vault>(&directory, Update::New).len(), 0);
    let now = text(&directory, "vault.filled/1/a.now.json");
    assert!(now.contains(&i128::MIN.to_string()) && now.contains(&u128::MAX.to_string()), "{now}");
    put(&directory, "vault.filled/1/a.now.json", &payload(i128::MIN + 1));
    assert_eq!(findings::<Vault>(&directory, Update::Nothing).len(), 1);
}

mod shop {
    use super::*;

    #[derive(Clone, Serialize, Deserialize)]
    pub(super) enum Means {
        Cash,
        Card,
    }

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "shop.sold")]
    pub(super) struct Sold {
        pub(super) to: String,
        pub(super) means: Means,
        pub(super) price: i128,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(category = "shop", id = String, events(Sold))]
    pub(super) struct Shop;

    impl Apply<Sold> for Shop {
        fn apply(&mut self, _: Sold) {}
    }
}

/// A store with so many events of `Shop`, each to another person.
async fn sold(count: usize) -> std::sync::Arc<dyn EventStore> {
    let store = es::connect("memory:").await.expect("a store");
    let shops = store.repository::<shop::Shop>();
    for number in 0..count {
        let mut shop = shops.load(&format!("shop-{number}")).await.expect("loaded");
        let means = if number % 2 == 0 { shop::Means::Cash } else { shop::Means::Card };
        shop.record(shop::Sold { to: format!("Ada {number}"), means, price: i128::MIN });
        shops.append(&mut shop).await.expect("appended");
    }
    store
}

#[tokio::test]
async fn a_corpus_is_filled_from_a_store() {
    let store = sold(5).await;
    let directory = TempDir::new().expect("a directory");
    let corpus = Corpus::new(directory.path());
    assert_eq!(corpus.collect::<shop::Shop>(&*store, 3).await.expect("collected"), 3);
    assert_eq!(corpus.collect::<shop::Shop>(&*store, 3).await.expect("collected"), 0);
    let first = text(&directory, "shop.sold/1/collected_1.json");
    assert_eq!(first, format!(r#"{{"to":"Ada 0","means":"Cash","price":{}}}"#, i128::MIN));
    assert_eq!(findings::<shop::Shop>(&directory, Update::New).len(), 0);
    assert_eq!(findings::<shop::Shop>(&directory, Update::Nothing).len(), 0);
}

#[tokio::test]
async fn scrambled_texts_stay_readable_and_lose_their_content() {
    let store = sold(4).await;
    let directory = TempDir::new().expect("a directory");
    let corpus = Corpus::new(directory.path()).scrambled();
    assert_eq!(corpus.collect::<shop::Shop>(&*store, 4).await.expect("collected"), 4);
    for number in 1..=4 {
        let payload = text(&directory, &format!("shop.sold/1/collected_{number}.json"));
        assert!(!payload.contains("Ada"), "{payload}");
        assert!(payload.contains("\"Cash\"") || payload.contains("\"Card\""), "{payload}");
        assert!(payload.contains(&i128::MIN.to_string()), "{payload}");
    }
    assert_eq!(findings::<shop::Shop>(&directory, Update::New).len(), 0);
}
