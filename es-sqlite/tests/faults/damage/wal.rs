//! Flips in the write-ahead log: they can only shorten the log at its end.

use std::{fs, path::Path, process::Command, time::Duration};

use es_contract::Effort;
use es_core::{Checkpoint, EventStore, Filter};
use es_sqlite::{SqliteStore, rusqlite::Connection};
use futures_util::TryStreamExt;

use super::{Random, looks::look, written::Written};
use crate::{
    child::Process,
    log::{Files, append_one, assert_holds, open},
};

/// The size of a page with the header that precedes it in the write-ahead log.
const FRAME: usize = 4096 + 24;

/// Copies the files of an open store by another process: to close a file of SQLite here would drop the locks of this process.
fn copy(files: &Files) -> (Vec<u8>, Vec<u8>) {
    let copied = |suffix: &str| -> Vec<u8> {
        let to = files.named("copy");
        let status = Command::new("cp").args([files.beside(suffix), to.clone()]).status().unwrap();
        assert!(status.success());
        fs::read(to).unwrap()
    };
    (copied(""), copied("-wal"))
}

/// Flips bytes of the write-ahead log `wal` beside `file`, which together hold what was written.
async fn flip(path: &Path, (file, wal): (Vec<u8>, Vec<u8>), written: &Written, rounds: u32) {
    assert!(wal.len() > 20 * FRAME);
    let beside = |suffix: &str| format!("{}{suffix}", path.display());
    let (mut refused, mut shorter, mut found, mut whole) = (0, 0, 0, 0);
    let mut random = Random(2);
    for round in 0..rounds {
        let mut bytes = wal.clone();
        let flip = format!("round {round}: {}", random.flip(&mut bytes, FRAME));
        drop(fs::remove_file(beside("-shm")));
        fs::write(path, &file).unwrap();
        fs::write(beside("-wal"), bytes).unwrap();
        let damaged = async {
            let store = match SqliteStore::open(path).await {
                Ok(store) => store,
                Err(error) => {
                    assert!(!error.kind().is_transient(), "{flip}: {error:?}");
                    refused += 1;
                    return;
                }
            };
            let log = store.read_all(Checkpoint::START, &Filter::all(), None);
            let count = log.map_ok(|_| 1_usize).try_fold(0, async |sum, one| Ok(sum + one)).await;
            let count = count.unwrap_or(written.events.len());
            let mut look = look(&store, &written.up_to(count)).await;
            // Snapshots and keys are not events: which ones there were at that time is not known here.
            look.missing.retain(|missing| !missing.contains("snapshot"));
            look.assert_honest(&flip);
            match (count == written.events.len(), look.errors.is_empty() && look.problems.is_empty()) {
                (_, false) => found += 1,
                (false, true) => shorter += 1,
                (true, true) => whole += 1,
            }
            store.close().await;
        };
        let ended = tokio::time::timeout(Duration::from_mins(2), damaged).await;
        assert!(ended.is_ok(), "{flip}: it never ends");
    }
    assert!(shorter > 0, "{refused} refused, {found} found, {whole} harmless");
}

fn rounds() -> u32 {
    Effort::from_env().unwrap().times(400)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flip_shortens_a_log_that_is_all_in_its_write_ahead_log() {
    let files = Files::new();
    let (mut written, store) = (Written::default(), open(files.log()).await);
    written.write(&store, 0..60).await;
    let copied = copy(&files);
    store.close().await;
    flip(&files.log(), copied, &written, rounds()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flip_shortens_a_log_whose_end_is_in_its_write_ahead_log() {
    let files = Files::new();
    let (mut written, store) = (Written::default(), open(files.log()).await);
    written.write(&store, 0..60).await;
    store.close().await;
    let store = open(files.log()).await;
    written.write(&store, 60..120).await;
    let copied = copy(&files);
    store.close().await;
    flip(&files.log(), copied, &written, rounds()).await;
}

/// A part of the write-ahead log is in the file already, and its pages were written again later.
#[tokio::test(flavor = "multi_thread")]
async fn a_flip_in_what_a_checkpoint_has_copied_is_found_or_shortens_the_log() {
    let files = Files::new();
    let (mut written, store) = (Written::default(), open(files.log()).await);
    written.write(&store, 0..40).await;
    // As long as somebody reads what was copied, the write-ahead log is not begun anew.
    let mine = Connection::open(files.log()).unwrap();
    mine.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    let other = Connection::open(files.log()).unwrap();
    other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    written.write(&store, 40..60).await;
    let copied = copy(&files);
    drop((mine, other));
    store.close().await;
    flip(&files.log(), copied, &written, rounds()).await;
}

/// What is damaged in the file alone is written anew by the write-ahead log, so that nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_of_the_write_ahead_log_before_does_not_make_this_one_stale() {
    let files = Files::new();
    for number in 0..3 {
        let store = open(files.log()).await;
        append_one(&store, number).await.unwrap();
        store.close().await;
    }
    let mine = Connection::open(files.log()).unwrap();
    let salts: [u8; 8] = mine.query_row("SELECT salts FROM wal_base", [], |row| row.get(0)).unwrap();
    mine.close().unwrap();
    Process::crash(&files.log(), &["append 3 5"]);
    let mut file = fs::read(files.log()).unwrap();
    let at = file.windows(8).position(|bytes| bytes == salts).unwrap();
    // The number follows the salts.
    assert_eq!(file[at + 8], 3);
    file[at + 8] = 9;
    fs::write(files.log(), file).unwrap();
    assert_holds(&open(files.log()).await, 5).await;
}
