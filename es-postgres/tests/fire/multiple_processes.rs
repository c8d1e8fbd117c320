//! Two processes that append and subscribe at once, and a process that is killed during an import.

use std::{
    env,
    io::Read,
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::{Append, Direction, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId, Version};
use futures_util::{StreamExt, stream};
use test_postgres::{Database, Server};
use uuid::Uuid;

use crate::{
    faults::faulty_store::{Fault, FaultyStore},
    tools::{
        ledger::{self, Ledger},
        process::{LINE_PREFIX, Process, ROLE, URL},
        recovery,
        seed::{self, Random},
        trial::{Trial, builder, connect, stores},
    },
};

/// The test that child processes run.
const ENTRY: &str = "multiple_processes::child_process_entry";
/// The number of rows of an import.
const ROWS: u64 = 600;

/// The entry point of child processes; it does nothing in a normal test run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_process_entry() {
    let Ok(role) = env::var(ROLE) else { return };
    let url = env::var(URL).unwrap();
    match role.as_str() {
        "import" => import(&url, |row| Uuid::from_u128(u128::from(row) + 1)).await,
        "import with new ids" => import(&url, |_| Uuid::now_v7()).await,
        "trial" => trial(&url, stores(&[&url]).await).await,
        "trial of a broken store" => {
            let store = FaultyStore::new(builder(&url).connect().await.unwrap(), Fault::AppendsEventByEvent, &url);
            trial(&url, vec![Arc::new(store)]).await;
        }
        other => panic!("no such child: {other}"),
    }
}

/// Appends and subscribes until the parent sends a line, and checks its answers against the table after another line.
async fn trial(url: &str, stores: Vec<Arc<dyn EventStore>>) {
    let mut random = Random::new("child");
    let trial = Trial::start(url, stores, 3, &mut random);
    trial.wait_for_appends(5).await;
    println!("{LINE_PREFIX}works");
    next_line().await;
    let stopped = trial.stop().await.unwrap();
    println!("{LINE_PREFIX}stopped");
    next_line().await;
    match stopped.check().await {
        Ok(report) => println!("{LINE_PREFIX}{report}"),
        Err(broken) => println!("{LINE_PREFIX}broken: {}", broken.replace('\n', " ")),
    }
}

async fn next_line() {
    tokio::task::spawn_blocking(|| std::io::stdin().read_exact(&mut [0])).await.unwrap().unwrap();
}

/// Imports the same rows each time and prints the answers; `id` gives the event id of a row.
async fn import(url: &str, id: fn(u64) -> Uuid) {
    let store = Arc::new(builder(url).connect().await.unwrap());
    let rows = stream::iter(0..ROWS).map(|row| {
        let store = Arc::clone(&store);
        async move {
            let name = EventName::from_static("row.imported").unwrap();
            let payload = format!(r#"{{"row":{row}}}"#);
            let event = NewEvent::from_json(id(row), name, SchemaVersion::FIRST, payload).unwrap();
            let to = StreamId::new("import", (row % 13).to_string()).unwrap();
            let answer = store.append(Append::new(to, Expected::Any, vec![event]).into()).await.unwrap();
            println!("{LINE_PREFIX}{row} {} {} {}", answer[0].version, answer[0].positions[0], answer[0].repeated);
        }
    });
    rows.buffer_unordered(8).collect::<Vec<()>>().await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    version: u64,
    position: u64,
    repeated: bool,
}

fn parse_answer(line: &str) -> (u64, Answer) {
    let parts: Vec<&str> = line.split(' ').collect();
    let number = |at: usize| parts[at].parse().unwrap();
    (number(0), Answer { version: number(1), position: number(2), repeated: parts[3] == "true" })
}

/// Kills an import at least three times and until a kill has lost an answer, then lets it finish.
///
/// Every run must print the same version and position for the same row.
fn killed_import(role: &str, url: &str, random: &mut Random) -> Result<Vec<Answer>, String> {
    let mut first: Vec<Option<Answer>> = vec![None; usize::try_from(ROWS).unwrap()];
    let (mut kills, mut lines) = (0, 50);
    loop {
        let lost = first.iter().flatten().any(|answer| answer.repeated);
        let to_the_end = lines >= ROWS || (kills >= 3 && lost);
        let process = Process::start(ENTRY, role, url);
        // Each run goes further than the one before, since only new answers can be lost.
        lines += random.below(if kills < 3 { ROWS / 5 } else { ROWS / 30 }) + 1;
        kills += 1;
        let mut seen = 0;
        while (to_the_end || seen < lines)
            && let Some(line) = process.line()
        {
            seen += 1;
            let (row, answer) = parse_answer(&line);
            let before = first[usize::try_from(row).unwrap()].get_or_insert(answer);
            if (before.version, before.position) != (answer.version, answer.position)
                || !answer.repeated && *before != answer
            {
                return Err(format!("row {row} was appended twice"));
            }
        }
        if to_the_end {
            assert!(process.wait());
            break;
        }
    }
    if !first.iter().flatten().any(|answer| answer.repeated) {
        return Err("no kill lost an answer".to_owned());
    }
    first.into_iter().map(|answer| answer.ok_or_else(|| "a row was never acknowledged".to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rerunning_a_killed_import_appends_nothing_twice() {
    let mut random = Random::new("killed import");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let answers = killed_import("import", &url, &mut random).unwrap();
    recovery::no_session_of_any_process_is_left(&url).await.unwrap();
    let log = ledger::log(&url).await;
    ledger::check_log(&log).unwrap();
    assert_eq!(log.events.len() as u64, ROWS);
    for event in log.events {
        let answer = answers[usize::try_from(event.id.as_u128()).unwrap() - 1];
        assert_eq!((event.version.get(), event.position.get()), (answer.version, answer.position));
    }
    let store = builder(&url).connect().await.unwrap();
    let last = StreamId::new("import", "0").unwrap();
    let mut events = store.read_stream(&last, Version::MAX, Direction::Backward, Some(1));
    assert_eq!(events.next().await.unwrap().unwrap().version, ROWS.div_ceil(13));
    drop(events);
    recovery::every_stream_accepts_appends(&store, &Ledger::default(), 4, recovery::TIMEOUT).await.unwrap();
}

/// Checks that the test above can fail: an import whose event ids do not follow from its rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_with_new_ids_each_time_is_caught() {
    let mut random = Random::new("import with new ids");
    let database = Database::fresh().unwrap();
    let caught = killed_import("import with new ids", &database.url(), &mut random).unwrap_err();
    assert!(caught.contains("was appended twice"), "{caught}");
}

/// Runs two processes while the server is killed and sessions are ended; returns the first failure of either process.
async fn two_processes(role: &str, random: &mut Random) -> Result<(), String> {
    let server = Arc::new(Server::start(&[]).unwrap());
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    drop(builder(&url).connect().await.unwrap());
    let mut processes = [Process::start(ENTRY, role, &url), Process::start(ENTRY, role, &url)];
    for process in &processes {
        assert_eq!(process.line().as_deref(), Some("works"));
    }
    let end = Instant::now() + seed::duration(Duration::from_secs(4));
    let (mut killed, mut ended) = (false, false);
    // At least one of each.
    while Instant::now() < end || !(killed && ended) {
        tokio::time::sleep(random.pause(Duration::from_millis(600))).await;
        if (ended && !killed) || random.one_in(3) {
            killed = true;
            let (server, down) = (Arc::clone(&server), random.pause(Duration::from_millis(300)));
            tokio::task::spawn_blocking(move || {
                server.kill().unwrap();
                std::thread::sleep(down);
                server.restart().unwrap();
            })
            .await
            .unwrap();
        } else {
            ended = true;
            let client = connect(&url).await;
            let query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE application_name LIKE 'es-fire-%' ORDER BY md5(pid::text || $1) LIMIT 3";
            client.query(query, &[&random.next().to_string()]).await.unwrap();
        }
    }
    for expected in ["stopped", "events"] {
        for process in &mut processes {
            process.proceed();
        }
        for process in &processes {
            let line = process.line().unwrap_or_default();
            if !line.contains(expected) || line.contains("broken") {
                return Err(line);
            }
            println!("{line}");
        }
    }
    assert!(processes.into_iter().all(Process::wait));
    recovery::no_session_of_any_process_is_left(&url).await?;
    // Each process checked its own answers; this checks the log of both.
    let log = ledger::log(&url).await;
    assert!(log.events.len() > 20, "{}", log.events.len());
    ledger::check_log(&log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_survive_server_crashes_and_ended_sessions() {
    two_processes("trial", &mut Random::new("two processes")).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_append_event_by_event_are_caught() {
    let mut random = Random::new("event by event");
    let caught = two_processes("trial of a broken store", &mut random).await.unwrap_err();
    assert!(caught.contains("was refused and is stored"), "{caught}");
}
