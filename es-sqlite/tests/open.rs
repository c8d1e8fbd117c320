//! Opening a file: which file a path names, and what the builder's settings do.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    process::Command,
    time::Duration,
};

use es_core::{
    Append, AppendError, EventName, EventStore, Expected, NewEvent, SchemaVersion, StoreErrorKind, StreamId,
};
use es_sqlite::{
    SqliteError, SqliteMigrateError, SqliteOpenError, SqliteStore, Synchronous,
    rusqlite::{Connection, OpenFlags},
};
use uuid::Uuid;

type TestResult = Result<(), Box<dyn Error>>;

async fn append(store: &SqliteStore, id: &str) -> TestResult {
    let name = EventName::from_static("account.opened")?;
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, r#"{"owner":"Ada"}"#)?;
    let request = Append::new(StreamId::new("account", id)?, Expected::NoStream, vec![event]);
    store.append(request.into()).await?;
    Ok(())
}

async fn last(store: &SqliteStore) -> Result<u64, Box<dyn Error>> {
    Ok(store.frontier().await?.position().get())
}

/// Runs the test of this name again, in a process whose current folder is `folder`.
fn again_in(folder: &Path, test: &str) -> TestResult {
    let run = Command::new(env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .current_dir(folder)
        .env(IN_FOLDER, "1")
        .output()?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && text.contains("1 passed"), "{text}");
    Ok(())
}

/// Set in a process that [`again_in`] starts.
const IN_FOLDER: &str = "ES_SQLITE_IN_FOLDER";

#[tokio::test]
async fn a_relative_path_is_of_the_current_folder_and_never_a_uri() -> TestResult {
    let names = ["bank.db", "file:x?mode=memory", "file::memory:", "file:bank.db?immutable=1", ":memory:"];
    if env::var_os(IN_FOLDER).is_none() {
        let folder = tempfile::tempdir()?;
        again_in(folder.path(), "a_relative_path_is_of_the_current_folder_and_never_a_uri")?;
        for name in names {
            // What the other process stored is in the file of that very name.
            assert_eq!(last(&SqliteStore::open(folder.path().join(name)).await?).await?, 2, "{name}");
        }
        return Ok(());
    }
    for name in names {
        for id in ["1", "2"] {
            let store = SqliteStore::open(name).await?;
            append(&store, id).await?;
            store.close().await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_store_keeps_its_file_when_the_program_changes_the_current_folder() -> TestResult {
    if env::var_os(IN_FOLDER).is_none() {
        let folder = tempfile::tempdir()?;
        again_in(folder.path(), "a_store_keeps_its_file_when_the_program_changes_the_current_folder")?;
        assert_eq!(last(&SqliteStore::open(folder.path().join("bank.db")).await?).await?, 2);
        return Ok(());
    }
    let store = SqliteStore::open("bank.db").await?;
    append(&store, "1").await?;
    env::set_current_dir("/")?;
    append(&store, "2").await?;
    assert_eq!(store.frontier().await?.position().get(), 2);
    assert!(store.path().is_absolute());
    Ok(())
}

#[tokio::test]
async fn a_path_need_not_be_utf8() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(OsStr::from_bytes(b"b\xe4nk\xff.db"));
    append(&SqliteStore::open(&path).await?, "1").await?;
    assert_eq!(last(&SqliteStore::open(&path).await?).await?, 1);
    assert!(fs::metadata(&path)?.len() > 0);
    Ok(())
}

#[tokio::test]
async fn a_symbolic_link_and_its_target_are_one_log() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (target, link) = (folder.path().join("bank.db"), folder.path().join("link.db"));
    let by_target = SqliteStore::open(&target).await?;
    symlink(&target, &link)?;
    let by_link = SqliteStore::open(&link).await?;
    assert_eq!(by_link.path(), by_target.path());
    append(&by_link, "1").await?;
    append(&by_target, "2").await?;
    assert_eq!((last(&by_link).await?, last(&by_target).await?), (2, 2));
    assert!(!folder.path().join("link.db-wal").exists(), "both use the write-ahead log of the target");
    Ok(())
}

#[tokio::test]
async fn a_path_that_is_empty_or_has_no_file_is_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    assert!(matches!(SqliteStore::open("").await, Err(SqliteOpenError::EmptyPath)));
    let refused = SqliteStore::open(folder.path()).await.expect_err("a folder");
    assert!(matches!(refused, SqliteOpenError::NotAFile { .. }), "{refused:?}");
    let refused = SqliteStore::open(folder.path().join("missing/bank.db")).await.expect_err("no folder");
    assert!(matches!(refused, SqliteOpenError::Io { .. }), "{refused:?}");
    let refused = SqliteStore::open("a\0b").await.expect_err("a NUL");
    assert!(matches!(refused, SqliteOpenError::Io { .. }), "{refused:?}");
    for refused in [SqliteStore::connect("sqlite:").await, SqliteStore::connect("sqlite://bank.db").await] {
        let refused = refused.expect_err("no file");
        assert!(matches!(refused, SqliteOpenError::Url(_)), "{refused:?}");
        assert_eq!(refused.kind(), StoreErrorKind::Misconfigured);
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_only_reads_makes_no_file_and_refuses_appends() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bank.db");
    let read_only = || SqliteStore::builder(&path).read_only(true);
    assert!(matches!(read_only().open().await, Err(SqliteOpenError::Missing { .. })));
    assert_eq!(fs::read_dir(&folder)?.count(), 0);

    let writer = SqliteStore::open(&path).await?;
    append(&writer, "1").await?;
    let reader = read_only().open().await?;
    append(&writer, "2").await?;
    assert_eq!(last(&reader).await?, 2);
    let refused = append(&reader, "3").await.expect_err("it only reads");
    let Some(AppendError::Store(refused)) = refused.downcast_ref() else { return Err(refused) };
    assert!(matches!(refused.downcast_ref(), Some(SqliteError::ReadOnly { .. })), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn a_store_that_may_not_migrate_refuses_an_empty_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bank.db");
    let refused = SqliteStore::builder(&path).migrate(false).open().await.expect_err("no tables");
    assert!(matches!(refused, SqliteOpenError::Migrate(SqliteMigrateError::Older { found: 0, .. })), "{refused:?}");
    append(&SqliteStore::open(&path).await?, "1").await?;
    assert_eq!(last(&SqliteStore::builder(&path).migrate(false).open().await?).await?, 1);
    Ok(())
}

#[tokio::test]
async fn all_settings_at_once_give_a_store_that_works() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bank.db");
    let builder = SqliteStore::builder(&path)
        .synchronous(Synchronous::LosesLastEventsOnPowerLoss)
        .cache_bytes(0)
        .lock_timeout(Duration::ZERO)
        .restored(true)
        .allow_network_file_system();
    // Values outside of their range become the nearest inside.
    let shown = format!("{builder:?}");
    assert!(shown.contains("cache_bytes: 65536") && shown.contains("busy_timeout: 1ms"), "{shown}");
    append(&builder.open().await?, "1").await?;
    assert_eq!(last(&SqliteStore::open(&path).await?).await?, 1);
    Ok(())
}

#[tokio::test]
async fn another_program_reads_the_view_log() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bank.db");
    let store = SqliteStore::open(&path).await?;
    append(&store, "4711").await?;
    let other = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let row =
        "SELECT position || ' ' || category || '/' || id || ' ' || version || ' ' || name || ' ' || schema_version
                   || ' ' || payload || ' ' || (metadata IS NULL), recorded_at, event_id FROM log";
    let (text, time, id): (String, String, String) =
        other.query_row(row, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    assert_eq!(text, r#"1 account/4711 1 account.opened 1 {"owner":"Ada"} 1"#);
    assert_eq!(Uuid::parse_str(&id)?.get_version_num(), 7, "{id}");
    let recorded: es_core::Timestamp = time.parse()?;
    assert!(es_core::Timestamp::now().as_micros() - recorded.as_micros() < 60_000_000, "{time}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused_and_left_alone() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (text, foreign) = (folder.path().join("notes.txt"), folder.path().join("shop.db"));
    fs::write(&text, "Milk, bread, and the interest rate of the last year, which was low.\n".repeat(20))?;
    let shop = Connection::open(&foreign)?;
    shop.execute_batch("CREATE TABLE articles (name TEXT)")?;
    shop.close().map_err(|(_, error)| error)?;
    let before = [fs::read(&text)?, fs::read(&foreign)?];

    let refused = SqliteStore::open(&text).await.expect_err("a text");
    assert!(matches!(refused, SqliteOpenError::NotADatabase { .. }), "{refused:?}");
    let refused = SqliteStore::open(&foreign).await.expect_err("the database of a shop");
    assert!(matches!(refused, SqliteOpenError::Foreign { .. }), "{refused:?}");
    assert_eq!([fs::read(&text)?, fs::read(&foreign)?], before);
    assert_eq!(fs::read_dir(&folder)?.count(), 2);
    Ok(())
}
