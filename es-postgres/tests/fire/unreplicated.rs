//! A synchronous standby that nobody answers for.

use std::time::Duration;

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::{Database, Server};

use crate::faults::altered::{Change, change};
use crate::tools::healing;
use crate::tools::ledger;
use crate::tools::standby::{cancel_waits, standby};
use crate::tools::trial::{builder, connect};
use crate::tools::workload::event;

/// A database that keeps warnings to itself, and a role that commits without the standby, unless it is told otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_the_database_do_not_hide_that_no_standby_confirmed() {
    for setting in ["client_min_messages = error", "synchronous_commit = local"] {
        assert!(!is_acknowledged(setting, Change::NONE).await, "{setting}");
    }
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_takes_the_settings_it_finds_is_caught() {
    for (setting, looked_for) in [
        ("client_min_messages = error", "current_setting('client_min_messages') = 'error'"),
        ("synchronous_commit = local", "current_setting('synchronous_commit') IN ('off', 'local')"),
    ] {
        assert!(is_acknowledged(setting, change(looked_for, "false")).await, "{setting}");
    }
}

/// Whether an append is acknowledged that no standby confirmed, where the database has this setting.
async fn is_acknowledged(setting: &str, change: Change) -> bool {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let statements =
        ["CREATE TABLE plain (i int)".to_owned(), format!("ALTER DATABASE {} SET {setting}", database.name())];
    drop(builder(&url).connect().await.unwrap());
    change.in_function(&connect(&url).await, "es.append").await;
    database.run(&statements.each_ref().map(String::as_str)).unwrap();
    // whose own commits wait
    let waits = format!("{url}?options=-csynchronous_commit%3Don");
    let store = builder(&url).retry_for(Duration::from_secs(1)).connect().await.unwrap();
    standby(&waits, "nobody").await;
    let administrator = cancel_waits(&url);
    let append = vec![Append::new(StreamId::new("fire", "1").unwrap(), Expected::NoStream, vec![event()])];
    let answer = store.append(append.into()).await;
    administrator.abort();
    standby(&waits, "").await;
    match answer {
        Ok(_) => true,
        Err(AppendError::Unknown(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_no_standby_confirmed_is_unknown_until_one_does() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    database.run(&["CREATE TABLE plain (i int)"]).unwrap();
    let store = builder(&url).retry_for(Duration::from_secs(1)).connect().await.unwrap();
    let append = |id: &str| vec![Append::new(StreamId::new("fire", id).unwrap(), Expected::NoStream, vec![event()])];
    store.append(append("1").into()).await.unwrap();
    let plain = connect(&url).await;

    standby(&url, "nobody").await;
    let administrator = cancel_waits(&url);
    let Err(AppendError::Unknown(unknown)) = store.append(append("2").into()).await else {
        panic!("it is acknowledged")
    };
    let kind = std::error::Error::source(&*unknown).unwrap();
    let why = kind.source().unwrap().to_string();
    assert!(why.contains("synchronous replica"), "{why}");
    // what this test is for: who does not listen to warnings hears that all is well
    assert_eq!(plain.execute("INSERT INTO plain VALUES (1)", &[]).await.unwrap(), 1);
    // sending it again finds the events, which are still on this server alone
    let Err(AppendError::Unknown(unknown)) = store.resolve(*unknown).await else { panic!("it is acknowledged") };
    administrator.abort();

    standby(&url, "").await;
    let answer = store.resolve(*unknown).await.unwrap();
    assert!(answer[0].repeated);
    assert!(!store.append(append("3").into()).await.unwrap()[0].repeated);
    assert_eq!(ledger::log(&url).await.events.len(), 3);
    healing::nothing_held(&url, 1, healing::PATIENCE).await.unwrap();
    drop(store);
    healing::no_session_is_left(&url, healing::PATIENCE).await.unwrap();
}
