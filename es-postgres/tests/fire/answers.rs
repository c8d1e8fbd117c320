//! One answer that is swallowed, comes late or never comes, and what callers hear of it.

use std::sync::Arc;
use std::time::Duration;

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use es_postgres::PostgresBuilder;
use test_postgres::Database;

use crate::faults::broken::{Broken, Fault};
use crate::tools::healing;
use crate::tools::ledger;
use crate::tools::proxy::{Lie, Proxy, port};
use crate::tools::trial::builder;
use crate::tools::workload::event;

/// A store that lies are told to.
struct Deceived {
    store: Arc<dyn EventStore>,
    proxy: Proxy,
    url: String,
    _database: Database,
}

impl Deceived {
    async fn new(fault: Option<Fault>, set_up: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> Self {
        let database = Database::fresh().unwrap();
        let url = database.url();
        let proxy = Proxy::before(port(&url)).await;
        let mut store: Arc<dyn EventStore> = Arc::new(set_up(builder(&proxy.url(&url))).connect().await.unwrap());
        if let Some(fault) = fault {
            store = Arc::new(Broken::new(store, fault, &url));
        }
        Self { store, proxy, url, _database: database }
    }

    /// Nothing is lost, doubled, or left behind.
    async fn holds(self, events: usize, lies: u64) -> Result<(), String> {
        let stored = ledger::log(&self.url).await.events.len();
        let told = self.proxy.lies();
        if (stored, told) != (events, lies) {
            return Err(format!("{stored} events are stored after {told} lies, and not {events} after {lies}"));
        }
        healing::left_nothing(self.store, &self.url).await
    }
}

fn append(id: &str, expected: Expected) -> Vec<Append> {
    vec![Append::new(StreamId::new("fire", id).unwrap(), expected, vec![event(), event()])]
}

/// Swallows, cuts before, cuts within; a store with a fault is told at once that the outcome is unknown.
async fn swallowed(fault: Option<Fault>) -> Result<(), String> {
    let retry_for = if fault.is_some() { Duration::ZERO } else { Duration::from_secs(10) };
    let deceived = Deceived::new(fault, |store| store.retry_for(retry_for)).await;
    for (round, lie) in [Lie::SwallowAcknowledgement, Lie::CutBefore, Lie::CutWithin].into_iter().enumerate() {
        deceived.proxy.once(lie);
        let answer = deceived.store.append(append("1", Expected::Any).into()).await;
        let answer = answer.map_err(|error| format!("{lie:?} is answered by `{error}`"))?.remove(0);
        let (is, should) =
            ((answer.repeated, answer.version.get()), (lie == Lie::SwallowAcknowledgement, 2 * (round as u64 + 1)));
        if is != should {
            return Err(format!("{lie:?} is answered by {is:?} and not {should:?}"));
        }
    }
    deceived.holds(6, 3).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swallowed_acknowledgement_is_learnt_by_sending_the_same_ids_again() {
    swallowed(None).await.unwrap();
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_guesses_or_sends_anew_is_caught() {
    for (fault, as_what) in [
        (Fault::SendsAnew, "SwallowAcknowledgement is answered by (false, 4)"),
        (Fault::GuessesDone, "SwallowAcknowledgement is answered by (false, 2)"),
        (Fault::GuessesRefused, "SwallowAcknowledgement is answered by `"),
    ] {
        let caught = swallowed(Some(fault)).await.unwrap_err();
        assert!(caught.contains(as_what), "{fault:?}: {caught}");
    }
}

/// The server appends, and is never heard of again until it is let in.
async fn unresolved(fault: Option<Fault>) -> Result<(), String> {
    let deceived = Deceived::new(fault, |store| store.retry_for(Duration::from_millis(300))).await;
    let Deceived { store, proxy, .. } = &deceived;
    store.append(append("0", Expected::Any).into()).await.unwrap();
    proxy.once(Lie::SwallowAcknowledgement);
    proxy.refuse(true);
    let Err(AppendError::Unknown(unknown)) = store.append(append("1", Expected::NoStream).into()).await else {
        return Err("an outcome is known that nobody told".to_owned());
    };
    let Err(AppendError::Unknown(unknown)) = store.resolve(*unknown).await else {
        return Err("what is not known has become `nothing was appended`".to_owned());
    };
    proxy.refuse(false);
    let answer = store.resolve(*unknown).await.map_err(|error| error.to_string())?;
    if !answer[0].repeated {
        return Err("it was appended again".to_owned());
    }
    deceived.holds(4, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_is_unknown_and_is_resolved() {
    unresolved(None).await.unwrap();
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_takes_the_unknown_for_known_is_caught() {
    for (fault, as_what) in [
        (Fault::GuessesRefused, "that nobody told"),
        (Fault::GuessesDone, "that nobody told"),
        (Fault::ForgetsDoubt, "has become `nothing was appended`"),
    ] {
        let caught = unresolved(Some(fault)).await.unwrap_err();
        assert!(caught.contains(as_what), "{fault:?}: {caught}");
    }
}

/// How long a statement may take, in which a busy server is done with one that nothing delays.
const TIME_OUT: Duration = Duration::from_secs(1);

/// A server that is not heard of any more, on a connection that stays open.
async fn silent(statement_timeout: Duration, patience: Duration) -> Result<(), String> {
    let deceived = Deceived::new(None, |store| store.statement_timeout(statement_timeout)).await;
    let store = &deceived.store;
    deceived.proxy.once(Lie::Silence);
    let both = async {
        tokio::join!(store.append(append("1", Expected::NoStream).into()), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            store.append(append("2", Expected::NoStream).into()).await
        })
    };
    let (first, second) = tokio::time::timeout(patience, both).await.map_err(|_| "the writer is stuck")?;
    assert!(first.unwrap()[0].repeated);
    assert!(!second.unwrap()[0].repeated);
    deceived.holds(4, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_stops_the_writer_for_no_longer_than_its_time_out() {
    silent(TIME_OUT, Duration::from_secs(30)).await.unwrap();
}

/// What the test above is for: a store that was told to wait for ever does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_waits_for_a_silent_server_is_caught() {
    let caught = silent(Duration::ZERO, Duration::from_secs(8)).await.unwrap_err();
    assert_eq!(caught, "the writer is stuck");
}

/// An answer that comes late, and not too late.
async fn late(fault: Option<Fault>) -> Result<(), String> {
    let deceived = Deceived::new(fault, |store| store.statement_timeout(TIME_OUT)).await;
    let store = &deceived.store;
    deceived.proxy.once(Lie::Delay(TIME_OUT * 5 / 2));
    let (one, other) = tokio::join!(
        store.append(append("1", Expected::NoStream).into()),
        store.append(append("2", Expected::NoStream).into())
    );
    if one.unwrap()[0].repeated || other.unwrap()[0].repeated {
        return Err("it was sent again".to_owned());
    }
    deceived.holds(4, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_late_is_waited_for() {
    late(None).await.unwrap();
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_wait_for_a_late_answer_is_caught() {
    assert_eq!(late(Some(Fault::Impatient)).await.unwrap_err(), "it was sent again");
}
