//! `es::connect` with URLs of SQLite: which file a URL names, which URLs are refused, and what an error says.

#![cfg(feature = "sqlite")]

use std::{collections::BTreeSet, error::Error, fs, path::Path, sync::Arc};

use es::{ConnectError, StoreErrorKind, prelude::*, sqlite::SqliteOpenError};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "counted")]
struct Counted {
    by: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "counter", id = u64, events(Counted))]
struct Counter {
    sum: u64,
}

#[es::apply]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.sum += event.by;
    }
}

type TestResult = Result<(), Box<dyn Error>>;

async fn count(store: &Arc<dyn EventStore>) -> Result<u64, Box<dyn Error>> {
    Ok(store.repository::<Counter>().update(&1, |_| Counted { by: 1 }).await?.root.sum)
}

fn names_in(folder: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    fs::read_dir(folder)?
        .map(|entry| entry?.file_name().into_string().map_err(|name| format!("{name:?} is not UTF-8").into()))
        .collect()
}

/// The error with its sources, as a program prints it.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

async fn refusal(url: &str) -> ConnectError {
    es::connect(url).await.expect_err(url)
}

#[tokio::test]
async fn a_url_names_the_file_whose_path_it_has_byte_for_byte() -> TestResult {
    for name in [
        "bank.db",
        "bank.db?mode=memory&cache=shared",
        "100%.db",
        "a%20b.db",
        "a b.db",
        " a ",
        "a#b.db",
        "účty 口座.db",
        "file:bank.db?mode=memory",
        ":memory:",
        "it's \"quoted\"\\",
        "a\nb",
    ] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().display();
        let store = es::connect(&format!("sqlite:{path}/{name}")).await?;
        assert_eq!(count(&store).await?, 1);
        let beside = |end| format!("{name}{end}");
        let expected = ["", "-lock", "-shm", "-wal"].map(beside);
        assert_eq!(names_in(folder.path())?, BTreeSet::from(expected), "{name}");
        drop(store);
        assert_eq!(count(&es::connect(&format!("sqlite://{path}/{name}")).await?).await?, 2, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_url_without_a_file_is_refused_with_advice() -> TestResult {
    for (url, advice) in [
        (
            "sqlite:",
            "`sqlite:` names no file: write `sqlite:bank.db`, or `memory:` for a log that ends with the program",
        ),
        (
            "sqlite://",
            "`sqlite:` names no file: write `sqlite:bank.db`, or `memory:` for a log that ends with the program",
        ),
        ("sqlite::memory:", "a log in SQLite is a file; write `memory:` for a log that ends with the program"),
        ("sqlite://:memory:", "a log in SQLite is a file; write `memory:` for a log that ends with the program"),
        ("sqlite://bank.db", "`sqlite://bank.db` names no file: write `sqlite:bank.db`"),
        ("sqlite://data/bank.db", "`sqlite://data/bank.db` names no file: write `sqlite:data/bank.db`"),
    ] {
        let refused = refusal(url).await;
        let ConnectError::Store(store) = &refused else { return Err(format!("{url}: {refused:?}").into()) };
        assert_eq!(store.kind(), StoreErrorKind::Misconfigured, "{url}");
        assert!(matches!(store.downcast_ref(), Some(SqliteOpenError::Url(_))), "{url}: {store:?}");
        assert_eq!(
            told(&refused),
            format!("the store could not be opened: the store is not set up for this: {advice}")
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_error_is_told_once_with_its_cause() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("notes.txt"), "Milk, bread, and the interest rate of the last year, which was low.\n".repeat(20))?;
    let misconfigured = "the store is not set up for this";
    for (name, kind, says) in [
        ("", misconfigured, "`{}` is not a file"),
        ("missing/bank.db", misconfigured, "`{}missing` cannot be opened: No such file or directory (os error 2)"),
        ("notes.txt/bank.db", misconfigured, "`{}notes.txt/bank.db` cannot be opened: Not a directory (os error 20)"),
        (
            "notes.txt",
            "the store gave what no store writes",
            "`{}notes.txt` is not an SQLite database; choose another file",
        ),
    ] {
        let refused = refusal(&format!("sqlite:{}", path(name))).await;
        let says = says.replace("{}", &path(""));
        assert_eq!(told(&refused), format!("the store could not be opened: {kind}: {says}"));
    }
    Ok(())
}
