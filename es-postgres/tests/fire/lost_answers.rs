//! Answers of the server that are lost, late or never sent, and the outcome that the caller receives.

use std::{sync::Arc, time::Duration};

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use es_postgres::PostgresBuilder;
use test_postgres::Database;

use crate::{
    faults::faulty_store::{Fault, FaultyStore},
    tools::{
        ledger,
        proxy::{NetworkFault, Proxy, port},
        recovery,
        trial::builder,
        workload::event,
    },
};

/// A store behind a proxy.
struct ProxiedStore {
    store: Arc<dyn EventStore>,
    proxy: Proxy,
    url: String,
    _database: Database,
}

impl ProxiedStore {
    async fn new(fault: Option<Fault>, set_up: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> Self {
        let database = Database::fresh().unwrap();
        let url = database.url();
        let proxy = Proxy::in_front_of(port(&url)).await;
        let mut store: Arc<dyn EventStore> = Arc::new(set_up(builder(&proxy.url(&url))).connect().await.unwrap());
        if let Some(fault) = fault {
            store = Arc::new(FaultyStore::new(store, fault, &url));
        }
        Self { store, proxy, url, _database: database }
    }

    /// No event is lost or duplicated, and no session is left behind.
    async fn check(self, events: usize, faults: u64) -> Result<(), String> {
        let stored = ledger::log(&self.url).await.events.len();
        let injected = self.proxy.faults();
        if (stored, injected) != (events, faults) {
            return Err(format!(
                "{stored} events are stored after {injected} network faults, and not {events} after {faults}"
            ));
        }
        recovery::recovers_and_leaves_nothing(self.store, &self.url).await
    }
}

fn append(id: &str, expected: Expected) -> Vec<Append> {
    vec![Append::new(StreamId::new("fire", id).unwrap(), expected, vec![event(), event()])]
}

/// Loses an acknowledgement, then cuts before and within an append. A store with a fault gets unknown outcomes at once.
async fn lost_acknowledgement(fault: Option<Fault>) -> Result<(), String> {
    let retry_for = if fault.is_some() { Duration::ZERO } else { Duration::from_secs(10) };
    let proxied = ProxiedStore::new(fault, |store| store.retry_for(retry_for)).await;
    for (round, network_fault) in
        [NetworkFault::DropAcknowledgement, NetworkFault::CutBefore, NetworkFault::CutWithin].into_iter().enumerate()
    {
        proxied.proxy.once(network_fault);
        let answer = proxied.store.append(append("1", Expected::Any).into()).await;
        let answer = answer.map_err(|error| format!("{network_fault:?} is answered by `{error}`"))?.remove(0);
        let (is, should) = (
            (answer.repeated, answer.version.get()),
            (network_fault == NetworkFault::DropAcknowledgement, 2 * (round as u64 + 1)),
        );
        if is != should {
            return Err(format!("{network_fault:?} is answered by {is:?} and not {should:?}"));
        }
    }
    proxied.check(6, 3).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_acknowledgement_is_recovered_by_sending_the_same_ids_again() {
    lost_acknowledgement(None).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_guesses_or_resends_with_new_ids_is_caught() {
    for (fault, expected) in [
        (Fault::ResendsWithNewIds, "DropAcknowledgement is answered by (false, 4)"),
        (Fault::GuessesAppended, "DropAcknowledgement is answered by (false, 2)"),
        (Fault::GuessesRefused, "DropAcknowledgement is answered by `"),
    ] {
        let caught = lost_acknowledgement(Some(fault)).await.unwrap_err();
        assert!(caught.contains(expected), "{fault:?}: {caught}");
    }
}

/// The acknowledgement is lost, and new connections are refused until the outcome has been reported as unknown.
async fn unknown_until_resolved(fault: Option<Fault>) -> Result<(), String> {
    let proxied = ProxiedStore::new(fault, |store| store.retry_for(Duration::from_millis(300))).await;
    let ProxiedStore { store, proxy, .. } = &proxied;
    store.append(append("0", Expected::Any).into()).await.unwrap();
    proxy.once(NetworkFault::DropAcknowledgement);
    proxy.refuse_connections(true);
    let Err(AppendError::Unknown(unknown)) = store.append(append("1", Expected::NoStream).into()).await else {
        return Err("an unknown outcome is reported as known".to_owned());
    };
    let Err(AppendError::Unknown(unknown)) = store.resolve(*unknown).await else {
        return Err("an unknown outcome became `nothing was appended`".to_owned());
    };
    proxy.refuse_connections(false);
    let answer = store.resolve(*unknown).await.map_err(|error| error.to_string())?;
    if !answer[0].repeated {
        return Err("it was appended again".to_owned());
    }
    proxied.check(4, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_is_unknown_and_is_resolved() {
    unknown_until_resolved(None).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_reports_an_unknown_outcome_as_known_is_caught() {
    for (fault, expected) in [
        (Fault::GuessesRefused, "is reported as known"),
        (Fault::GuessesAppended, "is reported as known"),
        (Fault::ForgetsUnknown, "became `nothing was appended`"),
    ] {
        let caught = unknown_until_resolved(Some(fault)).await.unwrap_err();
        assert!(caught.contains(expected), "{fault:?}: {caught}");
    }
}

/// The statement timeout, long enough for an append that nothing delays on a busy server.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(1);

/// The server stops answering on a connection that stays open.
async fn silent_server(statement_timeout: Duration, limit: Duration) -> Result<(), String> {
    let proxied = ProxiedStore::new(None, |store| store.statement_timeout(statement_timeout)).await;
    let store = &proxied.store;
    proxied.proxy.once(NetworkFault::Silence);
    let both = async {
        tokio::join!(store.append(append("1", Expected::NoStream).into()), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            store.append(append("2", Expected::NoStream).into()).await
        })
    };
    let (first, second) = tokio::time::timeout(limit, both).await.map_err(|_| "the writer is stuck")?;
    assert!(first.unwrap()[0].repeated);
    assert!(!second.unwrap()[0].repeated);
    proxied.check(4, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_blocks_the_writer_no_longer_than_the_timeout() {
    silent_server(STATEMENT_TIMEOUT, Duration::from_secs(30)).await.unwrap();
}

/// Checks that the test above can fail: a store without a statement timeout waits for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_a_timeout_is_caught() {
    let caught = silent_server(Duration::ZERO, Duration::from_secs(8)).await.unwrap_err();
    assert_eq!(caught, "the writer is stuck");
}

/// An answer arrives after the statement timeout, and within the time that the store allows beyond it.
async fn late_answer(fault: Option<Fault>) -> Result<(), String> {
    let proxied = ProxiedStore::new(fault, |store| store.statement_timeout(STATEMENT_TIMEOUT)).await;
    let store = &proxied.store;
    proxied.proxy.once(NetworkFault::Delay(STATEMENT_TIMEOUT * 5 / 2));
    let (one, other) = tokio::join!(
        store.append(append("1", Expected::NoStream).into()),
        store.append(append("2", Expected::NoStream).into())
    );
    if one.unwrap()[0].repeated || other.unwrap()[0].repeated {
        return Err("the append was sent again".to_owned());
    }
    proxied.check(4, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_is_awaited() {
    late_answer(None).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_wait_for_a_late_answer_is_caught() {
    assert_eq!(late_answer(Some(Fault::TimesOutEarly)).await.unwrap_err(), "the append was sent again");
}
