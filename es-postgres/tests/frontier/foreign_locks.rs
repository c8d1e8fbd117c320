//! Advisory locks that any role can take do not hold the frontier, and appends with borrowed privileges do.
//!
//! A rule that judges a lock by its holder's role misses appends. Each way to append with borrowed privileges is tested
//! against the real rule and against that wrong one.

use es_core::{Append, EventName, EventStore, Expected, NewEvent, Position, SchemaVersion, StreamId};
use es_postgres::PostgresStore;
use test_postgres::Database;
use tokio_postgres::{Client, error::SqlState};
use uuid::Uuid;

use crate::{
    variants::{locks_by_role, migration, with_lock_rule},
    writers::connect,
};

/// A function that appends with the privileges of the log's owner; `outsider` appends through it.
const DEPOSIT: &str = "CREATE FUNCTION public.deposit(id text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
    SELECT (es.append(true, false, '{0}', '{outside}', ARRAY[id], '{-1}', '{1}', '{1}', '{1}',
                      ARRAY[gen_random_uuid()], '{t}', '{1}', '{0}', '{\"{}\"}', '{NULL}')).positions[1] $$;
    GRANT EXECUTE ON FUNCTION public.deposit(text) TO PUBLIC";

struct Log {
    store: PostgresStore,
    outsider: String,
    member: String,
    // Dropped last, after the store's connections have ended.
    database: Database,
}

impl Log {
    /// A log, a role without privileges on it, and a member of the application's role that does not inherit from it.
    async fn new() -> Self {
        let mut database = Database::fresh().unwrap();
        let roles = ["outsider", "member", "app"].map(|role| format!("{role}_{}", database.name()));
        for role in roles.iter().rev() {
            database.drop_role(role.clone());
        }
        database.drop_role(format!("es_owner_{}", database.name()));
        let [outsider, member, app] = roles;
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        database
            .run(&[
                &PostgresStore::hardening(&app),
                DEPOSIT,
                &format!("CREATE ROLE {outsider} LOGIN; CREATE ROLE {member} LOGIN NOINHERIT IN ROLE {app}"),
            ])
            .unwrap();
        Self { store, outsider, member, database }
    }

    async fn append(&self) -> Position {
        let name = EventName::from_static("t").unwrap();
        let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "{}").unwrap();
        let append = Append::new(StreamId::new("inside", "1").unwrap(), Expected::Any, vec![event]);
        self.store.append(append.into()).await.unwrap()[0].positions[0]
    }

    async fn as_role(&self, role: &str) -> Client {
        connect(&self.database.url_as(role)).await
    }
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Whether the frontier stays below the append of an open transaction while the store appends after it.
async fn is_held(log: &Log, reader: &Client, client: &Client, statement: &str) -> bool {
    client.batch_execute("BEGIN").await.unwrap();
    let drawn = number(client, statement).await;
    log.append().await;
    let frontier = number(reader, "SELECT es.frontier()").await;
    client.batch_execute("COMMIT").await.unwrap();
    frontier < drawn
}

async fn append_by_definer(log: &Log) -> bool {
    let reader = connect(&log.database.url()).await;
    is_held(log, &reader, &log.as_role(&log.outsider).await, "SELECT deposit('1')").await
}

async fn append_by_set_role(log: &Log) -> bool {
    let client = log.as_role(&log.member).await;
    let role = log.member.replacen("member", "app", 1);
    client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
    let statement = DEPOSIT.split_once("SELECT ").unwrap().1.split_once(" $$").unwrap().0.replace("ARRAY[id]", "'{1}'");
    is_held(log, &connect(&log.database.url()).await, &client, &format!("SELECT {statement}")).await
}

async fn append_by_new_session(log: &Log) -> bool {
    // The reader's transaction takes its snapshot of `pg_stat_activity` before the writer connects.
    let reader = connect(&log.database.url()).await;
    reader.batch_execute("BEGIN; SELECT count(*) FROM pg_stat_activity").await.unwrap();
    let held = is_held(log, &reader, &connect(&log.database.url()).await, "SELECT deposit('1')").await;
    reader.batch_execute("COMMIT").await.unwrap();
    held
}

#[tokio::test]
async fn an_append_through_another_role_holds_the_frontier() {
    let log = Log::new().await;
    assert!(append_by_definer(&log).await, "by a `SECURITY DEFINER` function");
    assert!(append_by_set_role(&log).await, "by `SET ROLE` of a member that does not inherit");
    assert!(append_by_new_session(&log).await, "by a session that connected later");
}

#[tokio::test]
async fn judging_locks_by_role_is_caught() {
    let log = Log::new().await;
    log.database.run(&[&locks_by_role()]).unwrap();
    assert!(!append_by_definer(&log).await, "by a `SECURITY DEFINER` function");
    assert!(!append_by_set_role(&log).await, "by `SET ROLE` of a member that does not inherit");
    assert!(!append_by_new_session(&log).await, "by a session that connected later");
}

/// The locks that a role without privileges can take: the frontier's lowest lock, and all near the current position.
fn locks() -> String {
    let view = migration("frontier");
    let fence = view.split_once("<< 48").unwrap().0.rsplit_once('(').unwrap().1.split_once(':').unwrap().0.to_owned();
    format!(
        "SELECT pg_advisory_lock_shared({fence}::bigint << 48);
         SELECT pg_advisory_lock(({fence}::bigint << 48) | n) FROM generate_series(1, 200) n"
    )
}

#[tokio::test]
async fn foreign_locks_do_not_hold_the_frontier() {
    let log = Log::new().await;
    log.append().await;
    let outsider = log.as_role(&log.outsider).await;
    outsider.batch_execute("BEGIN").await.unwrap();
    outsider.batch_execute(&locks()).await.unwrap();
    // Some functions lock a table in the weakest mode without checking privileges on it.
    let owner = connect(&log.database.url()).await;
    let table = number(&owner, "SELECT 'es.appending'::regclass::oid::bigint").await;
    let named = format!("SELECT table_to_xmlschema({table}::oid::regclass, true, false, '')");
    outsider.batch_execute(&named).await.unwrap();
    for _ in 0..20 {
        let last = log.append().await;
        assert_eq!(log.store.frontier().await.unwrap().position(), last);
    }
    // With all of these locks taken, readers still wait for a transaction that appends.
    assert!(append_by_definer(&log).await);
    let shown = format!("SELECT count(*) FROM es.es_strangers WHERE role = '{}' AND low IS NOT NULL", log.outsider);
    assert_eq!(number(&owner, &shown).await, 201);
    assert_eq!(number(&owner, "SELECT count(*) FROM es.es_in_flight").await, 0);
}

#[tokio::test]
async fn counting_every_lock_is_caught() {
    let log = Log::new().await;
    log.append().await;
    let outsider = log.as_role(&log.outsider).await;
    outsider.batch_execute(&locks()).await.unwrap();
    log.database.run(&[&with_lock_rule("true")]).unwrap();
    let last = log.append().await;
    let reader = connect(&log.database.url()).await;
    assert_eq!((number(&reader, "SELECT es.frontier()").await, last.get() > 0), (0, true));
}

#[tokio::test]
async fn forged_session_variables_do_not_remove_the_fence() {
    let log = Log::new().await;
    let reader = connect(&log.database.url()).await;
    let guard = "SELECT substring(prosrc FROM 'es\\.fenced_[0-9]+') FROM pg_proc WHERE proname = 'fence'";
    let guard: String = reader.query_one(guard, &[]).await.unwrap().get(0);
    let client = log.as_role(&log.outsider).await;
    for forged in
        ["", "0", "1", "-1", "nonsense", "99999999999999999999", "999999999999999", "1e3", " 1", "xid", "here"]
    {
        for before in ["", "SAVEPOINT a; SELECT deposit('a'); ROLLBACK TO a; "] {
            let value = if forged == "xid" { "pg_current_xact_id()::text".to_owned() } else { format!("'{forged}'") };
            client.batch_execute("BEGIN").await.unwrap();
            client.batch_execute(before).await.unwrap();
            client.batch_execute(&format!("SELECT set_config('{guard}', {value}, true)")).await.unwrap();
            client.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
            let first = number(&client, "SELECT deposit('1')").await;
            client.batch_execute(&format!("SELECT set_config('{guard}', {value}, false)")).await.unwrap();
            client.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
            let second = number(&client, "SELECT deposit('2')").await;
            log.append().await;
            let frontier = number(&reader, "SELECT es.frontier()").await;
            assert!(frontier < first && first < second, "{forged:?} after {before:?}: {frontier}, {first}, {second}");
            client.batch_execute("COMMIT").await.unwrap();
        }
    }
    // A session that falsely claims to have checked the incarnation is refused.
    let forger = log.as_role(&log.outsider).await;
    forger.batch_execute(&format!("SET {guard}_here = 'yes'")).await.unwrap();
    let error = forger.query_one("SELECT deposit('3')", &[]).await.unwrap_err();
    assert_eq!(error.code().map(SqlState::code), Some("55000"), "{error}");
    log.append().await;
}

#[tokio::test]
async fn a_foreign_stream_lock_delays_only_that_stream() {
    let log = Log::new().await;
    log.append().await;
    let owner = connect(&log.database.url()).await;
    // Reads the stream's lock key from `pg_locks`.
    owner.batch_execute("BEGIN; SELECT deposit('x')").await.unwrap();
    let keys = "SELECT classid::bigint, objid::bigint::bit(32)::integer FROM pg_locks
                WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objsubid = 2";
    let keys = owner.query_one(keys, &[]).await.unwrap();
    let (space, key): (i64, i32) = (keys.get(0), keys.get(1));
    owner.batch_execute("ROLLBACK").await.unwrap();
    let outsider = log.as_role(&log.outsider).await;
    outsider.batch_execute(&format!("SELECT pg_advisory_lock({space}, {key})")).await.unwrap();
    let shown = format!("SELECT count(*) FROM es.es_strangers WHERE role = '{}' AND stream IS NOT NULL", log.outsider);
    assert_eq!(number(&owner, &shown).await, 1);
    // Several appends at once, then one in a caller's transaction.
    let stream = StreamId::new("outside", "x").unwrap();
    let append = || async {
        let name = EventName::from_static("t").unwrap();
        let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "{}").unwrap();
        log.store.append(Append::new(stream.clone(), Expected::Any, vec![event]).into()).await
    };
    let (one, two, three) = tokio::join!(append(), append(), append());
    let mut versions = [one, two, three].map(|answer| answer.unwrap()[0].version.get());
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3]);
    number(&owner, "SELECT deposit('x')").await;
    // An assertion holds until its transaction ends: no append gets in, even after the foreign lock is released.
    owner.batch_execute("BEGIN").await.unwrap();
    let assertion = "SELECT es.append(true, true, '{0}', '{outside}', '{x}', '{4}', '{}', '{}', '{}', '{}', '{}', \
                     '{}', '{}', '{}', '{}')";
    owner.batch_execute(assertion).await.unwrap();
    outsider.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
    let other = connect(&log.database.url()).await;
    other.batch_execute("SET lock_timeout = '300ms'").await.unwrap();
    let error = other.query_one("SELECT deposit('x')", &[]).await.unwrap_err();
    assert_eq!(error.code().map(SqlState::code), Some("55P03"), "{error}");
    owner.batch_execute("COMMIT").await.unwrap();
    other.batch_execute("SELECT deposit('x')").await.unwrap();
}
