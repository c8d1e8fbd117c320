//! Opens logs of older libraries: `old/NNNN.sql` is a log of so many migrations.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

use std::{fs, path::Path};

use es_core::{
    Append, AppendError, AppendRequest, AsOf, Checkpoint, EventName, EventStore, Expected, Filter, IdempotencyKey,
    NewEvent, Position, SchemaVersion, Snapshots, StoredEvent, StreamId, Version,
};
use es_sqlite::{SqliteMigrateError, SqliteOpenError, SqliteStore, rusqlite::Connection};
use futures_util::TryStreamExt;
use uuid::Uuid;

const OF_FOUR_MIGRATIONS: &str = include_str!("old/0004.sql");
/// The incarnation in which the log had its first two events, and the one in which it had all four.
const INCARNATIONS: [Uuid; 2] = [
    Uuid::from_u128(0x01a2_296d_bf0a_760b_b4ea_e68e_9b9b_231c),
    Uuid::from_u128(0x01a2_296d_bf8d_764e_8ac2_8290_e806_bcba),
];

/// Makes the log at `path` in a connection that is still open.
fn make(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(OF_FOUR_MIGRATIONS).unwrap();
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    connection
}

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

/// Asserts that the log has all that was stored, and can be used.
async fn is_whole(store: &SqliteStore) {
    let verified = store.verify().await.unwrap();
    assert!(verified.is_intact() && verified.events == 4 && verified.streams == 2, "{verified:?}");
    let events: Vec<StoredEvent> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    let found: Vec<_> =
        events.iter().map(|event| (event.stream.id(), event.version.get(), &event.payload[..])).collect();
    let payloads = [0, 2, 1, 3].map(|number| format!(r#"{{"number":{number}}}"#));
    let places = [("1", 1), ("1", 2), ("2", 1), ("1", 3)];
    assert!(found.iter().copied().eq(places.iter().zip(&payloads).map(|((id, version), payload)| (
        *id,
        *version,
        payload.as_bytes()
    ))));
    let snapshot = store.nearest(&stream("1"), "account 1", AsOf::Newest).await.unwrap().unwrap();
    assert_eq!((snapshot.version, &snapshot.payload[..]), (Version::new(2), &br#"{"balance":2}"#[..]));
    // A checkpoint of each incarnation holds up to what the log has in common with it.
    for (incarnation, common) in INCARNATIONS.into_iter().zip([2, 4]) {
        for position in 0..6 {
            let checkpoint = Checkpoint::new(incarnation, Position::new(position));
            let read: Result<Vec<_>, _> = store.read_all(checkpoint, &Filter::all(), None).try_collect().await;
            assert_eq!(read.is_ok(), position <= common, "{incarnation} at {position}: {read:?}");
        }
    }
    let event = |id: &str| {
        let name = EventName::from_static("deposited").unwrap();
        let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "{}").unwrap();
        Append::new(stream(id), Expected::Any, vec![event])
    };
    let key = IdempotencyKey::new("pay-4711", [7; 32], b"paid".to_vec()).unwrap();
    let taken = store.append(AppendRequest::new([event("1")]).with_key(key)).await;
    assert!(
        matches!(&taken, Err(AppendError::KeyTaken(taken)) if taken.first().outcome()[..] == *b"paid"),
        "{taken:?}"
    );
    assert_eq!(store.append(event("1").into()).await.unwrap()[0].version, Version::new(4));
    assert!(store.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn a_log_of_four_migrations_is_migrated_with_all_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    make(&path).close().unwrap();
    for builder in [SqliteStore::builder(&path).migrate(false), SqliteStore::builder(&path).read_only(true)] {
        let refused = builder.open().await.unwrap_err();
        assert!(matches!(refused, SqliteOpenError::Migrate(SqliteMigrateError::Older { found: 4, .. })), "{refused:?}");
    }
    let store = SqliteStore::open(&path).await.unwrap();
    is_whole(&store).await;
    store.close().await;
    assert!(SqliteStore::open(&path).await.unwrap().verify().await.unwrap().is_intact());
}

/// The write-ahead log has no row, and the tables have no checksums yet. Others made a table that SQL alone cannot read.
#[tokio::test]
async fn a_log_of_four_migrations_is_verified_after_a_crash_and_then_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let (path, crashed) = (folder.path().join("log.db"), folder.path().join("crashed.db"));
    let connection = make(&path);
    connection
        .execute_batch(
            "CREATE TABLE mine (name TEXT COLLATE NOCASE UNIQUE);
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'theirs') WHERE name = 'mine';",
        )
        .unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", crashed.display())).unwrap();
    }
    is_whole(&SqliteStore::open(&crashed).await.unwrap()).await;
    drop(connection);
}

#[tokio::test]
async fn a_log_of_four_migrations_whose_end_is_damaged_is_refused_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (path, crashed) = (folder.path().join("log.db"), folder.path().join("crashed.db"));
    let connection = make(&path);
    connection.execute_batch("UPDATE keys SET outcome = x'00'").unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", crashed.display())).unwrap();
    }
    // The file alone is whole, so that the write-ahead log is taken for that of another file.
    let refused = SqliteStore::open(&crashed).await.unwrap_err();
    assert!(matches!(refused, SqliteOpenError::StaleWal { .. }), "{refused:?}");
    drop(connection);
}
