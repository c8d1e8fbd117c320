//! Two hundred tasks under load, and the disk space of an event.
//!
//! `ES_FIRE_SECONDS=600 cargo test -p es-postgres --test fire two_hundred_tasks -- --nocapture` is the long run.

use std::{
    fmt, fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use es_core::{
    Append, AppendError, AppendRequest, EventName, EventStore, EventStoreExt, Expected, NewEvent, SchemaVersion,
    StreamId,
};
use test_postgres::Database;
use tokio::{sync::Mutex, task::JoinSet};
use uuid::Uuid;

use crate::{
    faults::wasteful_store::{Waste, WastefulStore},
    tools::{
        recovery::{self, SESSIONS},
        seed::{self, Random},
        trial::{builder, connect},
        workload::{appends, event},
    },
};

/// Runs these tests one at a time, because they measure this process.
static ALONE: Mutex<()> = Mutex::const_new(());
const TASKS: u64 = 200;
/// The number of events after which waste per event stands out from the noise.
const WASTED_ON: u64 = 12_000;

/// The time until all connections are open and pages have their final size.
const WARM_UP: Duration = Duration::from_millis(300);

/// The measurements during the load.
#[derive(Debug, Default)]
struct Figures {
    seconds: u64,
    events: u64,
    conflicts: u64,
    samples: Vec<Sample>,
}

/// The measurements at one time.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// The resident memory of this process.
    mib: u64,
    sessions: i64,
    /// How many positions the subscriber was behind the log.
    behind: u64,
    /// The time from an append's answer until the subscriber received its event.
    lag: Duration,
}

impl Figures {
    /// Memory and lag have not grown from the first third to the last, and sessions stayed within their limit.
    fn are_flat(&self) -> Result<(), String> {
        let third = self.samples.len() / 3;
        let median = |samples: &[Sample], of: fn(&Sample) -> u64| {
            let mut values: Vec<u64> = samples.iter().map(of).collect();
            values.sort_unstable();
            values[values.len() / 2]
        };
        // The slack covers the buffers of readers and sockets, and the allocator.
        for (what, of, slack) in [
            ("MiB of memory", (|sample| sample.mib) as fn(&Sample) -> u64, 48),
            ("positions that the subscriber is behind", |sample| sample.behind, 3_000),
        ] {
            let (first, last) =
                (median(&self.samples[..third], of), median(&self.samples[self.samples.len() - third..], of));
            if last > first * 5 / 4 + slack {
                return Err(format!("the {what} grow from {first} to {last}"));
            }
        }
        match self.samples.iter().map(|sample| sample.sessions).max() {
            Some(most) if most > SESSIONS => Err(format!("{most} sessions of {SESSIONS}")),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, events, conflicts, samples } = self;
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return f.write_str("no samples") };
        let most = samples.iter().map(|sample| sample.sessions).max().unwrap_or_default();
        let lag = samples.iter().map(|sample| sample.lag).max().unwrap_or_default().as_millis();
        let behind = samples.iter().map(|sample| sample.behind).max().unwrap_or_default();
        write!(
            f,
            "{TASKS} tasks, {seconds} s: {events} events ({} a second), {conflicts} conflicts, no errors; memory {} -> {} \
             MiB; connections {} -> {}, at most {most}; worst lag of a subscriber {lag} ms, {behind} positions",
            events / seconds.max(&1),
            first.mib,
            last.mib,
            first.sessions,
            last.sessions,
        )
    }
}

/// Counters of the tasks and the subscriber.
#[derive(Debug, Default)]
struct Counts {
    stop: AtomicBool,
    events: AtomicU64,
    conflicts: AtomicU64,
    followed: AtomicU64,
    position: AtomicU64,
}

async fn write(store: Arc<dyn EventStore>, counts: Arc<Counts>, mut random: Random) {
    while !counts.stop.load(Ordering::Acquire) {
        let appends = appends(&*store, &mut random, 200).await;
        match store.append(appends.into()).await {
            Ok(answers) => {
                let events = answers.iter().map(|answer| answer.positions.len() as u64).sum();
                counts.events.fetch_add(events, Ordering::AcqRel);
            }
            Err(AppendError::Conflict(_)) => drop(counts.conflicts.fetch_add(1, Ordering::AcqRel)),
            Err(error) => panic!("{error}"),
        }
    }
}

async fn follow(store: Arc<dyn EventStore>, counts: Arc<Counts>) {
    let mut events = store.stored_events().owned().subscribe();
    while let Some(event) = events.next().await {
        let position = event.unwrap().position.get();
        assert!(position > counts.position.swap(position, Ordering::AcqRel), "out of order");
        counts.followed.fetch_add(1, Ordering::AcqRel);
    }
}

/// Appends one event, and waits until the subscriber has received it, at most for `longest`.
async fn sample(store: &dyn EventStore, url: &str, counts: &Counts, longest: Duration) -> Sample {
    let append = Append::new(StreamId::new("probe", "1").unwrap(), Expected::Any, vec![event()]);
    let position = store.append(append.into()).await.unwrap()[0].positions[0].get();
    counts.events.fetch_add(1, Ordering::AcqRel);
    let began = Instant::now();
    let behind = position.saturating_sub(counts.position.load(Ordering::Acquire));
    while counts.position.load(Ordering::Acquire) < position && began.elapsed() < longest {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let lag = began.elapsed();
    let query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()";
    let sessions = connect(url).await.query_one(query, &[&recovery::application()]).await.unwrap().get(0);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    let mib = line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024;
    Sample { mib, sessions, behind, lag }
}

/// Runs two hundred tasks and a subscriber for `last`; an error if a figure grows or an event is lost.
async fn load(waste: Option<Waste>, last: Duration) -> Result<Figures, String> {
    let _alone = ALONE.lock().await;
    let mut random = Random::new("load");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let mut store: Arc<dyn EventStore> = Arc::new(builder(&url).connect().await.unwrap());
    if let Some(waste) = waste {
        store = Arc::new(WastefulStore::new(store, waste, &url));
    }
    let (counts, mut tasks) = (Arc::<Counts>::default(), JoinSet::new());
    let subscriber = tokio::spawn(follow(Arc::clone(&store), Arc::clone(&counts)));
    for _ in 0..TASKS {
        tasks.spawn(write(Arc::clone(&store), Arc::clone(&counts), random.fork()));
    }
    let mut figures = Figures::default();
    tokio::time::sleep(WARM_UP.max(last / 10)).await;
    let began = Instant::now();
    // Runs longer on a slow machine, since waste grows with the number of events.
    let enough = if waste.is_some() { WASTED_ON } else { 0 };
    let too_few = || counts.events.load(Ordering::Acquire) < enough && began.elapsed() < recovery::TIMEOUT;
    while began.elapsed() < last || figures.samples.len() < 9 || too_few() {
        figures.samples.push(sample(&*store, &url, &counts, last / 4).await);
        tokio::time::sleep((last / 30).min(Duration::from_secs(5))).await;
    }
    counts.stop.store(true, Ordering::Release);
    while let Some(task) = tasks.join_next().await {
        task.map_err(|error| error.to_string())?;
    }
    figures.seconds = began.elapsed().as_secs() + (last / 10).as_secs();
    figures.are_flat()?;
    figures.events = counts.events.load(Ordering::Acquire);
    figures.conflicts = counts.conflicts.load(Ordering::Acquire);
    let deadline = Instant::now() + recovery::TIMEOUT;
    while counts.followed.load(Ordering::Acquire) < figures.events && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let query = "SELECT (SELECT count(*) FROM es.events), (SELECT count(*) FROM (SELECT FROM es.events \
                 GROUP BY category, id HAVING max(version) <> count(*)) gaps)";
    let row = connect(&url).await.query_one(query, &[]).await.unwrap();
    let (stored, gaps): (i64, i64) = (row.get(0), row.get(1));
    let followed = counts.followed.load(Ordering::Acquire);
    if (stored.unsigned_abs(), followed, gaps) != (figures.events, figures.events, 0) {
        return Err(format!("{} acknowledged, {stored} stored, {followed} followed, {gaps} gaps", figures.events));
    }
    recovery::nothing_is_held(&url, 1, recovery::TIMEOUT).await?;
    subscriber.abort();
    drop((store, subscriber));
    recovery::no_session_is_left(&url, recovery::TIMEOUT).await?;
    Ok(figures)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_leave_memory_connections_and_lag_flat() {
    println!("{}", load(None, seed::duration(Duration::from_secs(3))).await.unwrap());
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_wastes_memory_connections_or_time_is_caught() {
    let sessions = format!("sessions of {SESSIONS}");
    for (waste, caught_as) in [
        (Waste::Memory, "the MiB of memory grow"),
        (Waste::Sessions, sessions.as_str()),
        (Waste::Lag, "the positions that the subscriber is behind grow"),
    ] {
        let caught = load(Some(waste), Duration::from_secs(3)).await.unwrap_err();
        assert!(caught.contains(caught_as), "{waste:?}: {caught}");
    }
}

/// The figure in the guide on operations: the disk space of an event with 155 bytes of payload and its indexes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_takes_about_five_hundred_bytes() {
    const EVENTS: i64 = 20_000;
    let database = Database::fresh().unwrap();
    let store = builder(&database.url()).connect().await.unwrap();
    for call in 0..EVENTS / 500 {
        let appends = (0..100).map(|number| {
            let stream = StreamId::new("account", format!("{:020}", call % 10 * 100 + number)).unwrap();
            let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(155 - 11));
            let event = || {
                let name = EventName::from_static("account.deposited").unwrap();
                NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload.clone()).unwrap()
            };
            Append::new(stream, Expected::Any, (0..5).map(|_| event()).collect())
        });
        store.append(AppendRequest::new(appends)).await.unwrap();
    }
    let query = format!("SELECT pg_total_relation_size('es.events') / {EVENTS}, count(*) FROM es.events");
    let row = connect(&database.url()).await.query_one(&query, &[]).await.unwrap();
    let (bytes, events): (i64, i64) = (row.get(0), row.get(1));
    println!("{bytes} bytes an event");
    assert_eq!(events, EVENTS);
    assert!((300..700).contains(&bytes), "{bytes} bytes an event");
}
