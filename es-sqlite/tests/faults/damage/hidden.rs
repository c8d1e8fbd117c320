//! Damage that hides events: an index or a table lacks an entry, or leads elsewhere. Made with SQL, as no flip hits it for sure.

use std::{fs, path::Path};

use es_core::{EventStore, Filter};
use es_sqlite::{SqliteError, SqliteOpenError, SqliteStore, rusqlite::Connection};
use futures_util::TryStreamExt;

use super::{
    looks::{Look, open_and_look, send_again},
    written::{Written, add_a_table},
};
use crate::log::{Files, append, append_at_once, append_one, cause, open};

/// The size of a page.
const PAGE: usize = 4096;

/// Executes SQL on the file that no store has open.
fn sql(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().unwrap();
}

/// Takes the entries of rows with this condition out of an index: defines the index as one over the other rows, builds it anew,
/// and restores the definition.
fn take_from_index(path: &Path, index: &str, condition: &str) {
    let define = |change: &str| {
        sql(
            path,
            &format!("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = {change} WHERE name = '{index}'"),
        );
    };
    let quoted = condition.replace('\'', "''");
    define(&format!("sql || ' WHERE NOT ({quoted})'"));
    sql(path, &format!("REINDEX {index}"));
    define("substr(sql, 1, instr(sql, ' WHERE ') - 1)");
}

/// Damages a whole log by `damage`, and gives what a look at it shows.
async fn after(damage: impl FnOnce(&Path)) -> Look {
    let files = Files::new();
    let (mut written, store) = (Written::default(), open(files.log()).await);
    written.write(&store, 0..60).await;
    add_a_table(&store);
    store.close().await;
    damage(&files.log());
    let (store, mut look) = open_and_look(&files.log(), &written, "by hand").await.unwrap();
    assert!(!look.problems.is_empty(), "verify finds nothing: {look:?}");
    let found = look.clone();
    send_again(&mut look, &store, &written, "by hand").await;
    found
}

/// The ways of reading that gave less without an error.
fn hides<'a>(look: &'a Look, way: &'a str) -> impl Iterator<Item = &'a String> {
    look.missing.iter().filter(move |missing| missing.contains(way))
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_the_end_of_a_stream_that_its_index_hides() {
    let last = "version = 9 AND id = 'account-1'";
    let look = after(|path| take_from_index(path, "events_of_stream", &format!("{last} OR version > 9"))).await;
    assert!(hides(&look, "account/account-1 forward").count() == 1, "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_within_a_stream_that_its_index_hides_is_a_hole() {
    let look = after(|path| take_from_index(path, "events_of_stream", "version = 2")).await;
    assert!(look.errors.iter().any(|error| error.contains("Hole")), "{look:?}");
    assert!(hides(&look, " forward").count() == 0, "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_an_event_that_a_filter_does_not_find() {
    let look = after(|path| take_from_index(path, "events_of_kind", "position = 50")).await;
    assert!(hides(&look, "names").count() > 0, "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_an_event_that_its_id_does_not_find() {
    let look = after(|path| take_from_index(path, "events_by_id", "true")).await;
    assert!(look.problems.iter().any(|problem| problem.contains("events_by_id")), "{look:?}");
}

/// Builds an index as if it were over other columns, and restores its definition.
fn build_index_over(path: &Path, index: &str, columns: &str, others: &str) {
    let define = |from: &str, to: &str| {
        let defined = format!("replace(sql, '({from})', '({to})') WHERE name = '{index}'");
        sql(path, &format!("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = {defined}"));
    };
    define(columns, others);
    sql(path, &format!("REINDEX {index}"));
    define(others, columns);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_leads_to_other_events_is_an_error() {
    let look = after(|path| build_index_over(path, "events_of_kind", "kind", "stream")).await;
    assert!(look.errors.iter().any(|error| error.contains("an index leads to position")), "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_has_the_events_in_another_order_is_an_error() {
    let look = after(|path| build_index_over(path, "events_of_kind", "kind", "kind, version DESC")).await;
    assert!(look.errors.iter().any(|error| error.contains("an index leads to position")), "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_a_stream_in_another_slice() {
    let look = after(|path| sql(path, "UPDATE streams SET slice = 1023 - slice")).await;
    assert!(look.problems.iter().any(|problem| problem.contains("slice")), "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_a_stream_that_is_no_longer_listed() {
    let look = after(|path| sql(path, "DELETE FROM streams WHERE id = 'account-1'")).await;
    assert!(hides(&look, "account/account-1 forward").count() == 1, "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_a_stream_under_another_name() {
    for change in ["id = 'account-99' WHERE id = 'account-1'", "category = 'accounts' WHERE id = 'account-1'"] {
        let look = after(|path| sql(path, &format!("UPDATE streams SET {change}"))).await;
        assert!(look.problems.iter().any(|problem| problem.contains("another stream")), "{look:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_a_stream_without_events() {
    let look = after(|path| sql(path, "INSERT INTO streams (category, id, slice) VALUES ('x', '1', 7)")).await;
    assert!(look.problems.iter().any(|problem| problem.contains("streams are listed")), "{look:?}");
}

/// The events of two streams are exchanged.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_stream_is_an_error() {
    let two = "(SELECT min(stream) FROM streams), (SELECT max(stream) FROM streams)";
    let exchange = format!(
        "UPDATE events SET stream = -stream WHERE stream IN ({two}) AND version = 1;
         UPDATE events SET stream = (SELECT min(stream) + max(stream) FROM streams) + stream WHERE stream < 0"
    );
    let look = after(|path| sql(path, &exchange)).await;
    assert!(look.errors.iter().any(|error| error.contains("another stream")), "{look:?}");
}

/// Each is a change of one row that the checksum covers.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_is_an_error() {
    for change in [
        "payload = '{}'",
        "metadata = '{}'",
        "schema_version = schema_version + 1",
        "recorded_at = recorded_at + 1",
        "event_id = randomblob(16)",
        "id = 'account-99'",
        "kind = (SELECT max(kind) FROM kinds)",
        "version = 999",
        "position = 9999",
        "together = together + 1",
        "checksum = checksum + 1",
    ] {
        let look = after(|path| sql(path, &format!("UPDATE events SET {change} WHERE position = 51"))).await;
        assert!(look.errors.iter().any(|error| error.contains("the log forward")), "{change}: {look:?}");
    }
}

/// The next event would continue its version, and be recorded no earlier.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_after_a_changed_event_is_refused() {
    // Position 6 is the second event of the first stream. The numbers are of the next event of a stream.
    for (change, next) in [
        ("recorded_at = recorded_at + 1000000000000", 10),
        ("version = version + 1", 10),
        ("payload = '{}'", 10),
        ("stream = 2", 6),
    ] {
        let files = Files::new();
        let store = open(files.log()).await;
        append(&store, 0..6).await;
        store.close().await;
        sql(&files.log(), &format!("UPDATE events SET {change} WHERE position = 6"));
        let store = open(files.log()).await;
        let refused = append_one(&store, next).await.unwrap_err();
        assert!(matches!(cause(&refused), SqliteError::Damaged { .. }), "{change}: {refused:?}");
        append_one(&store, 7).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_says_something_else_is_an_error() {
    for change in [
        "UPDATE kinds SET name = 'elsewhere' WHERE kind = 1",
        "UPDATE kinds SET category = 'elsewhere' WHERE kind = 1",
        "DELETE FROM kinds WHERE kind = 1",
    ] {
        let look = after(|path| sql(path, change)).await;
        assert!(look.errors.iter().any(|error| error.contains("the log forward")), "{change}: {look:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_is_missing_is_a_hole_in_the_log() {
    let look = after(|path| sql(path, "DELETE FROM events WHERE position = 51")).await;
    for way in
        ["the log forward, Filter { categories: None, names: None", "the log backward, Filter { categories: None"]
    {
        let error = look.errors.iter().find(|error| error.contains(way));
        assert!(error.is_some_and(|error| error.contains("Hole")), "{look:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_keys_and_snapshots_that_say_something_else() {
    for (change, what) in [
        ("UPDATE keys SET outcome = x'00'", "`key 21`"),
        ("UPDATE keys SET digest = zeroblob(32)", "`key 21`"),
        ("UPDATE keys SET event = NULL", "`key 21`"),
        ("UPDATE snapshots SET payload = x'7b7d'", "snapshot"),
        ("UPDATE snapshots SET version = version + 1", "snapshot"),
        ("UPDATE snapshots SET stream = 1 - stream", "snapshot"),
    ] {
        let look = after(|path| sql(path, change)).await;
        assert!(look.problems.iter().any(|problem| problem.contains(what)), "{change}: {look:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_read_model_is_an_error() {
    for change in [
        "name = 'balance'",
        "version = 2",
        "model = 7",
        "state = 'live'",
        "state = 'alive'",
        "complete = 1",
        "epoch = epoch + 1",
        "handled = handled - 1",
        "handled_in = NULL",
        "handled_in = x'00'",
        "seen = seen + 1",
        "seen_in = NULL",
        "owner = 'another'",
        "owner = NULL",
        "lease = lease + 1",
        "lease_end = lease_end + 1",
        "lease_end = NULL",
        "failed_category = NULL",
        "failed_id = '1'",
        "failed_version = failed_version + 1",
        "failed_position = 1",
        "attempts = 1",
        "error = ''",
        "checksum = checksum + 1",
    ] {
        let look = after(|path| sql(path, &format!("UPDATE read_models SET {change}"))).await;
        assert!(look.errors.iter().any(|error| error.starts_with("the read model: ")), "{change}: {look:?}");
        assert!(look.problems.iter().any(|problem| problem.contains("read model 1")), "{change}: {look:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_of_a_read_model_is_an_error() {
    for change in ["state = '{}'", "key = 'account/another'", "checksum = checksum + 1"] {
        let one = "WHERE key = (SELECT max(key) FROM read_model_rows)";
        let look = after(|path| sql(path, &format!("UPDATE read_model_rows SET {change} {one}"))).await;
        assert!(look.errors.iter().any(|error| error.starts_with("rows: ")), "{change}: {look:?}");
        assert_eq!(look.problems.len(), 1, "{change}: {look:?}");
    }
    let look = after(|path| sql(path, "UPDATE read_model_rows SET model = 2")).await;
    assert!(look.problems.iter().all(|problem| problem.contains("belongs to read model 2")), "{look:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_the_row_of_a_write_ahead_log_that_says_something_else() {
    for change in [
        "salts = x'0102030405060708'",
        "number = number + 1",
        "incarnation = zeroblob(16)",
        "schema_version = schema_version + 1",
        "checksum = checksum + 1",
    ] {
        let look = after(|path| sql(path, &format!("UPDATE wal_base SET {change}"))).await;
        let found = look.problems.iter().any(|problem| problem.contains("the row of the write-ahead log"));
        assert!(found && look.errors.is_empty(), "{change}: {look:?}");
    }
}

/// Each is a change of one incarnation. A log whose newest one is damaged cannot say what it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_incarnation_that_says_something_else_is_an_error() {
    for change in [
        "number = number + 10",
        "start = start + 1",
        "incarnation = zeroblob(16)",
        "origin = ''",
        "checksum = checksum + 1",
    ] {
        for (newest, of) in [(true, "max"), (false, "min")] {
            let files = Files::new();
            let store = open(files.named("before.db")).await;
            append(&store, 0..2).await;
            let before = store.frontier().await.unwrap();
            store.close().await;
            fs::copy(files.named("before.db"), files.log()).unwrap();
            open(files.log()).await.close().await;
            let which = format!("WHERE number = (SELECT {of}(number) FROM incarnations)");
            sql(&files.log(), &format!("UPDATE incarnations SET {change} {which}"));
            let opened = SqliteStore::open(files.log()).await;
            // The oldest one becomes the newest by another number.
            if newest || change.starts_with("number") {
                let error = opened.unwrap_err();
                assert!(matches!(error, SqliteOpenError::Damaged { .. }), "{change}: {error:?}");
                continue;
            }
            let store = opened.unwrap();
            let error = store.read_all(before, &Filter::all(), None).try_collect::<Vec<_>>().await.unwrap_err();
            assert!(matches!(cause(&error), SqliteError::Damaged { .. }), "{change}: {error:?}");
            let problems = store.verify().await.unwrap().problems;
            assert!(problems.iter().any(|problem| problem.contains("incarnation")), "{change}: {problems:?}");
        }
    }
}

/// What is not read for another reason is no problem of its own.
#[tokio::test(flavor = "multi_thread")]
async fn verify_blames_no_stream_when_it_cannot_read_all_events() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..300).await;
    store.close().await;
    // The first page of events: none can be read.
    let mut file = fs::read(files.log()).unwrap();
    let text = br#"{"number":1,"#;
    let at = file.windows(text.len()).position(|bytes| bytes == text).unwrap();
    let page = at / PAGE * PAGE;
    file[page..page + 8].fill(0xff);
    fs::write(files.log(), file).unwrap();
    let store = open(files.log()).await;
    let found = store.verify().await.unwrap();
    assert!(found.events == 0 && found.streams == 0 && !found.is_intact(), "{found:?}");
    assert!(!found.problems.iter().any(|problem| problem.contains("streams are listed")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_a_hundred_problems_and_no_wrong_one() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..300).await;
    store.close().await;
    sql(&files.log(), "UPDATE events SET recorded_at = recorded_at + 1 WHERE position > 100");
    let found = open(files.log()).await.verify().await.unwrap();
    assert_eq!((found.events, found.streams, found.problems.len()), (100, 5, 100), "{found:?}");
    assert!(found.problems.iter().all(|problem| problem.contains("its checksum does not match")), "{found:?}");
}
