//! Read models on PostgreSQL: locks, leases, connections, and texts that the server cannot store.

use std::time::Duration;

use es_core::{
    Checkpoint, Claim, Claimed, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelState,
    ReadModelStatus, ReadModelStep, ReadModels, StoreErrorKind, StoredRow,
};
use es_postgres::PostgresStore;
use futures_util::future::{join, join_all};
use test_postgres::{Database, Server};
use tokio::time::{Instant, sleep, timeout};

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_mins(1);

fn read_models(store: &PostgresStore) -> &dyn ReadModels {
    use es_core::EventStore;
    store.capabilities().read_models.unwrap()
}

fn model() -> ReadModelId {
    ReadModelId::new("balances", 1).unwrap()
}

fn at(position: u64) -> Checkpoint {
    Position::new(position).into()
}

/// A step with these rows to this position.
fn step(position: u64, rows: Vec<StoredRow>) -> ReadModelStep {
    let mut step = ReadModelStep::new(at(position), at(position), ReadModelState::Live);
    (step.rows, step.lease) = (rows, Some(LEASE));
    step
}

async fn claim(store: &PostgresStore, owner: &str) -> Claim {
    match read_models(store).claim(&model(), owner, LEASE).await.unwrap() {
        Claimed::Owned(claim) => claim,
        Claimed::Refused(status) => panic!("`{owner}` is refused: {status:?}"),
    }
}

async fn refused(store: &PostgresStore, owner: &str) -> ReadModelStatus {
    match read_models(store).claim(&model(), owner, LEASE).await.unwrap() {
        Claimed::Owned(claim) => panic!("`{owner}` is the owner: {claim:?}"),
        Claimed::Refused(status) => status,
    }
}

#[tokio::test]
async fn a_claim_does_not_wait_for_a_transaction_that_holds_the_projection() {
    let fixture = Fixture::new().await;
    let claimed = claim(&fixture.store, "first").await;
    let client = fixture.client().await;
    client.batch_execute("UPDATE es.projections SET lease_until = clock_timestamp()").await.unwrap();
    client.batch_execute("BEGIN; UPDATE es.projections SET handled = 7, seen = 7").await.unwrap();
    let began = Instant::now();
    let status = refused(&fixture.store, "second").await;
    assert!(began.elapsed() < Duration::from_secs(3), "it waited for {:?}", began.elapsed());
    assert_eq!((status.epoch, status.handled, status.owner.as_deref()), (claimed.epoch, at(0), Some("first")));
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(claim(&fixture.store, "second").await.handled, at(7));
}

#[tokio::test]
async fn a_first_claim_does_not_wait_for_one_that_is_not_committed() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    client.batch_execute("BEGIN; INSERT INTO es.projections (name, version) VALUES ('balances', 1)").await.unwrap();
    let status = timeout(Duration::from_secs(4), refused(&fixture.store, "second")).await.unwrap();
    assert_eq!(status, ReadModelStatus::new(model()));
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(claim(&fixture.store, "second").await.epoch, 1);
}

#[tokio::test]
async fn of_many_first_claims_at_once_one_is_granted() {
    let fixture = Fixture::new().await;
    for version in 0..20 {
        let model = ReadModelId::new("balances", version).unwrap();
        let owners: Vec<String> = (0..8).map(|owner| owner.to_string()).collect();
        let claims = owners.iter().map(|owner| read_models(&fixture.store).claim(&model, owner, LEASE));
        let granted = |claimed: &Result<Claimed, _>| matches!(claimed.as_ref().unwrap(), Claimed::Owned(_));
        assert_eq!(join_all(claims).await.iter().filter(|claimed| granted(claimed)).count(), 1, "version {version}");
    }
}

#[tokio::test]
async fn a_lease_further_ahead_than_its_length_is_over() {
    let fixture = Fixture::new().await;
    claim(&fixture.store, "first").await;
    let client = fixture.client().await;
    // As if the clock had been set back by a minute.
    client.batch_execute("UPDATE es.projections SET lease_until = lease_until + interval '1 minute'").await.unwrap();
    let [status] = &read_models(&fixture.store).statuses().await.unwrap()[..] else { panic!("not one projection") };
    assert_eq!((status.owner.as_deref(), status.lease_left), (Some("first"), None));
    assert_eq!(claim(&fixture.store, "second").await.epoch, 2);
}

#[tokio::test]
async fn a_lease_of_any_length_is_taken() {
    let fixture = Fixture::new().await;
    let read_models = read_models(&fixture.store);
    let claimed = read_models.claim(&model(), "first", Duration::MAX).await.unwrap();
    assert!(matches!(claimed, Claimed::Owned(_)), "{claimed:?}");
    let status = refused(&fixture.store, "second").await;
    assert!(status.lease_left.unwrap() > Duration::from_hours(200 * 365 * 24), "{status:?}");
    let claimed = read_models.claim(&model(), "first", Duration::ZERO).await.unwrap();
    assert!(matches!(claimed, Claimed::Owned(_)), "{claimed:?}");
    assert_eq!(claim(&fixture.store, "second").await.epoch, 3);
}

#[tokio::test]
async fn steps_that_find_their_projections_held_are_busy_and_delay_no_reader() {
    let fixture = Fixture::with(|builder| builder.lock_timeout(Duration::from_secs(2))).await;
    let read_models = read_models(&fixture.store);
    let model = |version| ReadModelId::new("balances", version).unwrap();
    let claim = async |version| match read_models.claim(&model(version), "first", LEASE).await.unwrap() {
        Claimed::Owned(claim) => claim,
        Claimed::Refused(status) => panic!("the owner is refused: {status:?}"),
    };
    // Again, until all connections are open, so that the steps spread over them.
    let mut claims = Vec::new();
    for _ in 0..20 {
        claims = join_all((0..8).map(claim)).await;
    }
    let client = fixture.client().await;
    client.batch_execute("BEGIN; SELECT FROM es.projections FOR UPDATE").await.unwrap();
    let began = Instant::now();
    let held = join_all(claims.iter().map(|claim| read_models.advance(claim, step(1, Vec::new()))));
    let held = async { (held.await, began.elapsed()) };
    let reads = async {
        // The steps are on their way.
        sleep(Duration::from_millis(200)).await;
        for _ in 0..20 {
            read_models.rows(&model(1), &["1".to_owned()]).await.unwrap();
            read_models.statuses().await.unwrap();
        }
        began.elapsed()
    };
    let ((advanced, waited), read) = join(held, reads).await;
    for advanced in advanced {
        let Err(ReadModelError::Store(error)) = advanced else { panic!("{advanced:?}") };
        assert_eq!(error.kind(), StoreErrorKind::Busy);
    }
    assert!(read < waited / 2, "reads took {read:?}, the steps {waited:?}");
    client.batch_execute("ROLLBACK").await.unwrap();
    read_models.advance(&claims[0], step(1, Vec::new())).await.unwrap();
}

#[tokio::test]
async fn the_steps_of_many_projections_use_four_connections() {
    let fixture = Fixture::with(|builder| builder.application_name("counted")).await;
    let read_models = read_models(&fixture.store);
    let client = fixture.client().await;
    let count = "SELECT count(*), count(*) FILTER (WHERE query LIKE '%LISTEN%') FROM pg_stat_activity
                 WHERE application_name = 'counted' AND datname = current_database()";
    let connections = async || {
        let row = client.query_one(count, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    // The store opens the connection that listens for notifications in the background.
    let began = Instant::now();
    while connections().await.1 == 0 {
        assert!(began.elapsed() < Duration::from_mins(1), "the store does not listen");
        sleep(Duration::from_millis(10)).await;
    }
    let (before, _) = connections().await;
    let projections = (0..20).map(async |number: u32| {
        let model = ReadModelId::new(format!("projection-{number}"), 1).unwrap();
        let Claimed::Owned(mut claim) = read_models.claim(&model, "mine", LEASE).await.unwrap() else {
            panic!("{model} is refused")
        };
        for position in 1..=10 {
            let step = step(position, vec![StoredRow::new("1", "{}")]);
            read_models.advance(&claim, step.clone()).await.unwrap();
            claim = claim.after(&step);
        }
    });
    join_all(projections).await;
    let more = connections().await.0 - before;
    assert!((1..=4).contains(&more), "{more} connections");
}

/// Of a replica, such as a primary that was set back after a failover, the caller knows that the log is elsewhere. A primary
/// that an administrator has made read-only is another matter.
#[tokio::test]
async fn claims_steps_and_requests_are_refused_as_moved_by_a_replica_alone() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let claimed = claim(&store, "first").await;
    let answers = async || {
        let (read_models, model) = (read_models(&store), model());
        // Until the connections to the server before its restart are replaced.
        while matches!(read_models.claim(&model, "first", LEASE).await, Err(error) if error.is_transient()) {}
        [
            read_models.claim(&model, "first", LEASE).await.map(drop),
            read_models.advance(&claimed, step(1, Vec::new())).await,
            read_models.ask(&model, ReadModelRequest::Pause).await,
        ]
        .map(|answer| match answer {
            Err(ReadModelError::Store(error)) => error.kind(),
            other => panic!("{other:?}"),
        })
    };
    let name = database.name();
    database.run(&[&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")]).unwrap();
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(answers().await, [StoreErrorKind::Misconfigured; 3]);
    server.kill().unwrap();
    server.write_file("standby.signal", b"").unwrap();
    server.restart().unwrap();
    assert_eq!(answers().await, [StoreErrorKind::Moved; 3]);
}

#[tokio::test]
async fn texts_with_nul_are_found_nowhere_and_compared_as_others() {
    let fixture = Fixture::new().await;
    let read_models = read_models(&fixture.store);
    let claim = claim(&fixture.store, "first").await;
    let rows = vec![StoredRow::new("a", "1"), StoredRow::new("b", r#""\u0000""#)];
    read_models.advance(&claim, step(1, rows)).await.unwrap();
    let keys = ["a\0", "b", "\0", ""].map(str::to_owned);
    let found = read_models.rows(&model(), &keys).await.unwrap();
    assert_eq!(found, [None, Some(r#""\u0000""#.into()), None, None]);
    for (after, first) in [("\0", Some("a")), ("a\0", Some("b")), ("a\0b", Some("b")), ("b\0", None)] {
        let rows = read_models.rows_after(&model(), Some(after), 1).await.unwrap();
        assert_eq!(rows.first().map(|row| row.key.as_str()), first, "{after:?}");
    }
}

#[tokio::test]
async fn a_page_of_large_rows_ends_early() {
    let fixture = Fixture::new().await;
    let read_models = read_models(&fixture.store);
    let mut claim = claim(&fixture.store, "first").await;
    let state = format!("\"{}\"", "x".repeat(1024 * 1024 - 2));
    for number in 1..=6 {
        let step = step(number, vec![StoredRow::new(number.to_string(), state.clone())]);
        read_models.advance(&claim, step.clone()).await.unwrap();
        claim = claim.after(&step);
    }
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let rows = read_models.rows_after(&model(), after.as_deref(), 100).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some(last.key.clone());
        assert!(rows.iter().all(|row| row.state == state));
        pages.push(rows.len());
    }
    assert_eq!(pages, [5, 1]);
}

#[tokio::test]
async fn the_server_sends_no_more_than_a_page() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    // 60 rows of 160,000 bytes that cannot be compressed to less than a half.
    let fill = "INSERT INTO es.rows
                SELECT 'balances', 1, lpad(n::text, 3, '0'), to_json((SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, 5000) i))
                FROM generate_series(1, 60) n";
    client.batch_execute(fill).await.unwrap();
    let after = include_str!("../../src/read_model/rows_after.sql").replace("{schema}", "es");
    let sent = client.query(&after, &[&"balances", &1_i64, &"", &1000_i64]).await.unwrap().len();
    assert!((20..59).contains(&sent), "{sent} rows");
    let mut keys = Vec::new();
    loop {
        let after = keys.last().map(String::as_str);
        let page = read_models(&fixture.store).rows_after(&model(), after, 1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        keys.extend(page.into_iter().map(|row| row.key));
    }
    assert_eq!(keys, (1..=60).map(|number| format!("{number:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn steps_do_not_wait_for_the_disk_and_claims_and_requests_do() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    // Notes the setting at the commit: a deferred trigger runs after the function.
    let note = "
        CREATE TABLE noted (what text, synchronous_commit text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO noted VALUES (NEW.state, current_setting('synchronous_commit')); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON es.projections DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION note();";
    client.batch_execute(note).await.unwrap();
    let noted = async || {
        let rows = client.query("DELETE FROM noted RETURNING synchronous_commit", &[]).await.unwrap();
        let mut settings: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        settings.dedup();
        settings
    };
    for setting in ["on", "off", "local", "remote_apply"] {
        let database = fixture.database.name();
        let set = format!("ALTER DATABASE {database} SET synchronous_commit = {setting}");
        client.batch_execute(&set).await.unwrap();
        let store = PostgresStore::builder(&fixture.database.url()).allow_unsafe_server().connect().await.unwrap();
        let durable = if setting == "remote_apply" { setting } else { "on" };
        let claim = claim(&store, "first").await;
        assert_eq!(noted().await, [durable], "a claim with {setting}");
        let position = claim.handled.position().get() + 1;
        read_models(&store).advance(&claim, step(position, Vec::new())).await.unwrap();
        assert_eq!(noted().await, ["off"], "a step with {setting}");
        for request in [ReadModelRequest::Pause, ReadModelRequest::Resume, ReadModelRequest::Rebuild] {
            read_models(&store).ask(&model(), request).await.unwrap();
            assert_eq!(noted().await, [durable], "{request:?} with {setting}");
        }
    }
}

#[tokio::test]
async fn a_step_in_a_transaction_that_appended_still_waits_for_the_disk() {
    let fixture = Fixture::new().await;
    let claim = claim(&fixture.store, "first").await;
    let mut client = fixture.client().await;
    let advance = "SELECT es.advance_projection('balances', 1, $1, 0, 1, NULL, 1, NULL, 'live', NULL, NULL, NULL, NULL, NULL, \
                   NULL, NULL, '{}', '{}'), current_setting('synchronous_commit')";
    let epoch = i64::try_from(claim.epoch).unwrap();
    for (appends, setting) in [(true, "on"), (false, "off")] {
        let transaction = client.transaction().await.unwrap();
        if appends {
            let append = crate::fixture::one("1", es_core::Expected::Any);
            fixture.store.append_in(&transaction, append).await.unwrap();
        }
        let row = transaction.query_one(advance, &[&epoch]).await.unwrap();
        assert!(row.get::<_, bool>(0), "the step is fenced");
        let setting_then: String = transaction.query_one("SHOW synchronous_commit", &[]).await.unwrap().get(0);
        assert_eq!(setting_then, setting);
        transaction.rollback().await.unwrap();
    }
}
