//! Opens logs of older libraries: `old/NNNN.sql` is a log of so many migrations.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

use std::{fs, path::Path, time::Duration};

use es_core::{
    Append, AppendError, AppendRequest, AsOf, Checkpoint, Claimed, EventName, EventStore, Expected, Filter,
    IdempotencyKey, NewEvent, Position, ReadModelId, ReadModelState, ReadModelStep, ReadModels, SchemaVersion,
    Snapshots, StoredEvent, StoredRow, StreamId, Version,
};
use es_sqlite::{SqliteMigrateError, SqliteOpenError, SqliteStore, rusqlite::Connection};
use futures_util::TryStreamExt;
use uuid::Uuid;

/// A log of an older library.
struct OldLog {
    migrations: i32,
    sql: &'static str,
    /// The incarnation in which the log had its first events, with the last position that it has in common with the next one, and
    /// the one in which it had all four.
    incarnations: [(Uuid, u64); 2],
}

const OLD_LOGS: [OldLog; 2] = [
    OldLog {
        migrations: 4,
        sql: include_str!("old/0004.sql"),
        incarnations: [
            (Uuid::from_u128(0x01a2_296d_bf0a_760b_b4ea_e68e_9b9b_231c), 2),
            (Uuid::from_u128(0x01a2_296d_bf8d_764e_8ac2_8290_e806_bcba), 4),
        ],
    },
    OldLog {
        migrations: 5,
        sql: include_str!("old/0005.sql"),
        incarnations: [
            (Uuid::from_u128(0x01a2_2a2f_1181_738a_9e19_0e08_63f8_99db), 3),
            (Uuid::from_u128(0x01a2_2a2f_1192_7675_95d1_3484_a70c_4771), 4),
        ],
    },
];

impl OldLog {
    /// Makes the log at `path` in a connection that is still open.
    fn make(&self, path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(self.sql).unwrap();
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        connection
    }
}

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

/// Asserts that the log has all that was stored, and can be used.
async fn is_whole(store: &SqliteStore, old: &OldLog) {
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
    for (incarnation, common) in old.incarnations {
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
    let model = ReadModelId::new("balances", 1).unwrap();
    let Claimed::Owned(claim) = store.claim(&model, "me", Duration::from_secs(5)).await.unwrap() else {
        panic!("nobody owns a read model of an older log");
    };
    let mut step = ReadModelStep::new(Position::new(5).into(), Position::new(5).into(), ReadModelState::Live);
    step.rows = vec![StoredRow::new("1", "{}")];
    store.advance(&claim, step.clone()).await.unwrap();
    assert_eq!(store.rows_after(&model, None, 10).await.unwrap(), step.rows);
    assert!(store.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn an_older_log_is_migrated_with_all_that_it_has() {
    for old in OLD_LOGS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        old.make(&path).close().unwrap();
        for builder in [SqliteStore::builder(&path).migrate(false), SqliteStore::builder(&path).read_only(true)] {
            let refused = builder.open().await.unwrap_err();
            let SqliteOpenError::Migrate(SqliteMigrateError::Older { found, .. }) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(found, old.migrations);
        }
        let store = SqliteStore::open(&path).await.unwrap();
        is_whole(&store, &old).await;
        store.close().await;
        assert!(SqliteStore::open(&path).await.unwrap().verify().await.unwrap().is_intact());
    }
}

/// The write-ahead log has no row of its own yet. Others made a table that SQL alone cannot read.
#[tokio::test]
async fn an_older_log_is_verified_after_a_crash_and_then_migrated() {
    for old in OLD_LOGS {
        let folder = tempfile::tempdir().unwrap();
        let (path, crashed) = (folder.path().join("log.db"), folder.path().join("crashed.db"));
        let connection = old.make(&path);
        connection
            .execute_batch(
                "CREATE TABLE mine (name TEXT COLLATE NOCASE UNIQUE);
                 PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'theirs') WHERE name = 'mine';",
            )
            .unwrap();
        copy(&path, &crashed);
        is_whole(&SqliteStore::open(&crashed).await.unwrap(), &old).await;
        drop(connection);
    }
}

#[tokio::test]
async fn an_older_log_whose_end_is_damaged_is_refused_after_a_crash() {
    for old in OLD_LOGS {
        let folder = tempfile::tempdir().unwrap();
        let (path, crashed) = (folder.path().join("log.db"), folder.path().join("crashed.db"));
        let connection = old.make(&path);
        connection.execute_batch("UPDATE keys SET outcome = x'00'").unwrap();
        copy(&path, &crashed);
        // The file alone is whole, so that the write-ahead log is taken for that of another file.
        let refused = SqliteStore::open(&crashed).await.unwrap_err();
        assert!(matches!(refused, SqliteOpenError::StaleWal { .. }), "{refused:?}");
        drop(connection);
    }
}

/// Copies the file and its write-ahead log.
fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", from.display()), format!("{}{suffix}", to.display())).unwrap();
    }
}
