//! A restored backup has its events, and refuses the checkpoints of readers that saw more.

use std::{fs, path::PathBuf};

use es_core::{Checkpoint, EventStore, Filter, Position, ReadError, StoredEvent};
use es_sqlite::SqliteStore;
use futures_util::TryStreamExt;
use tempfile::TempDir;

use crate::{
    four, fresh,
    record::{Row, log},
};

async fn all(store: &SqliteStore, after: Checkpoint) -> Result<Vec<StoredEvent>, ReadError> {
    store.read_all(after, &Filter::all(), None).try_collect().await
}

/// A log of 8 events.
async fn eight() -> (TempDir, PathBuf, SqliteStore) {
    let (folder, path, store) = fresh().await;
    for _ in 0..2 {
        store.append(four()).await.unwrap();
    }
    (folder, path, store)
}

/// Appends four more and closes the store. Gives the log, and the checkpoints of readers at its end, at the eighth event and below.
async fn four_more(store: SqliteStore) -> (Vec<Row>, [Checkpoint; 3]) {
    store.append(four()).await.unwrap();
    let (before, frontier) = (log(store.path()), store.frontier().await.unwrap());
    store.close().await;
    (before, [frontier, frontier.at(Position::new(8)), frontier.at(Position::new(4))])
}

/// Asserts that the log is the first 8 events again, and that only the checkpoint above them is refused.
async fn is_restored(store: &SqliteStore, before: &[Row], checkpoints: [Checkpoint; 3]) {
    assert_eq!(log(store.path()), before[..8]);
    let [above, end, below] = checkpoints;
    match all(store, above).await {
        Err(ReadError::Restored { checkpoint, common }) => {
            assert_eq!((checkpoint, common), (above, Some(Position::new(8))));
        }
        other => panic!("{other:?}"),
    }
    assert!(all(store, end).await.unwrap().is_empty());
    assert_eq!(all(store, below).await.unwrap().len(), 4);
    let answer = store.append(four()).await.unwrap();
    assert_eq!(answer[0].positions[0].get(), 9);
    assert!(store.verify().await.unwrap().is_intact());
    // The position is taken again by other events, so the old checkpoint stays refused.
    all(store, above).await.unwrap_err();
}

#[tokio::test]
async fn a_restored_backup_has_its_events_and_refuses_checkpoints_above_them() {
    let (folder, path, store) = eight().await;
    let backup = folder.path().join("backup.db");
    store.backup_to(&backup).await.unwrap();
    let (before, checkpoints) = four_more(store).await;
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (format!("log.db{suffix}"), format!("away.db{suffix}"));
        if folder.path().join(&from).exists() {
            fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
        }
    }
    fs::copy(&backup, &path).unwrap();
    is_restored(&SqliteStore::open(&path).await.unwrap(), &before, checkpoints).await;
}

#[tokio::test]
async fn a_backup_that_is_copied_over_the_same_file_refuses_checkpoints_above_it() {
    let (folder, path, store) = eight().await;
    let backup = folder.path().join("backup.db");
    store.backup_to(&backup).await.unwrap();
    let (before, checkpoints) = four_more(store).await;
    fs::copy(&backup, &path).unwrap();
    is_restored(&SqliteStore::open(&path).await.unwrap(), &before, checkpoints).await;
}

#[tokio::test]
async fn a_plain_copy_over_the_same_file_needs_the_setting_that_it_was_restored() {
    let (folder, path, store) = eight().await;
    store.close().await;
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let (before, checkpoints) = four_more(store).await;
    fs::copy(&copy, &path).unwrap();
    // The file has the same inode, and says itself that it is the one that it is.
    let unaware = SqliteStore::open(&path).await.unwrap();
    assert_eq!(unaware.frontier().await.unwrap().incarnation(), checkpoints[0].incarnation());
    unaware.close().await;
    let restored = SqliteStore::builder(&path).restored(true).open().await.unwrap();
    is_restored(&restored, &before, checkpoints).await;
}
