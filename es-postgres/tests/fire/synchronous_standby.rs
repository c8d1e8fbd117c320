//! Appends without the confirmation of a synchronous standby.

use std::{error::Error, time::Duration};

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::{Database, Server};

use crate::{
    faults::altered_sql::{Change, change},
    tools::{
        ledger, recovery,
        standby::{cancel_waits, set_standby},
        trial::{builder, connect},
        workload::event,
    },
};

/// One setting hides the server's warning, and the other makes commits skip the standby.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_settings_do_not_hide_a_missing_standby_confirmation() {
    for setting in ["client_min_messages = error", "synchronous_commit = local"] {
        assert!(!is_acknowledged_without_standby(setting, Change::NONE).await, "{setting}");
    }
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_trusts_session_settings_is_caught() {
    for (setting, looked_for) in [
        ("client_min_messages = error", "current_setting('client_min_messages') = 'error'"),
        ("synchronous_commit = local", "current_setting('synchronous_commit') IN ('off', 'local')"),
    ] {
        assert!(is_acknowledged_without_standby(setting, change(looked_for, "false")).await, "{setting}");
    }
}

/// Whether an append without a standby's confirmation is acknowledged, in a database with this setting.
async fn is_acknowledged_without_standby(setting: &str, change: Change) -> bool {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let statements =
        ["CREATE TABLE plain (i int)".to_owned(), format!("ALTER DATABASE {} SET {setting}", database.name())];
    drop(builder(&url).connect().await.unwrap());
    change.in_function(&connect(&url).await, "es.append").await;
    database.run(&statements.each_ref().map(String::as_str)).unwrap();
    // Commits of `set_standby` must wait, whatever the database's setting.
    let waits = format!("{url}?options=-csynchronous_commit%3Don");
    let store = builder(&url).retry_for(Duration::from_secs(1)).connect().await.unwrap();
    set_standby(&waits, "nobody").await;
    let administrator = cancel_waits(&url);
    let append = vec![Append::new(StreamId::new("fire", "1").unwrap(), Expected::NoStream, vec![event()])];
    let answer = store.append(append.into()).await;
    administrator.abort();
    set_standby(&waits, "").await;
    match answer {
        Ok(_) => true,
        Err(AppendError::Unknown(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_without_standby_confirmation_is_unknown() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    database.run(&["CREATE TABLE plain (i int)"]).unwrap();
    let store = builder(&url).retry_for(Duration::from_secs(1)).connect().await.unwrap();
    let append = |id: &str| vec![Append::new(StreamId::new("fire", id).unwrap(), Expected::NoStream, vec![event()])];
    store.append(append("1").into()).await.unwrap();
    let plain = connect(&url).await;

    set_standby(&url, "nobody").await;
    let administrator = cancel_waits(&url);
    let Err(AppendError::Unknown(unknown)) = store.append(append("2").into()).await else {
        panic!("the append is acknowledged")
    };
    let kind = Error::source(&*unknown).unwrap();
    let why = kind.source().unwrap().to_string();
    assert!(why.contains("synchronous replica"), "{why}");
    // Shows that the check matters: a client that ignores warnings sees a successful commit.
    assert_eq!(plain.execute("INSERT INTO plain VALUES (1)", &[]).await.unwrap(), 1);
    // Resending finds the events, which still exist on this server only.
    let Err(AppendError::Unknown(unknown)) = store.resolve(*unknown).await else {
        panic!("the append is acknowledged")
    };
    administrator.abort();

    set_standby(&url, "").await;
    let answer = store.resolve(*unknown).await.unwrap();
    assert!(answer[0].repeated);
    assert!(!store.append(append("3").into()).await.unwrap()[0].repeated);
    assert_eq!(ledger::log(&url).await.events.len(), 3);
    recovery::nothing_is_held(&url, 1, recovery::TIMEOUT).await.unwrap();
    drop(store);
    recovery::no_session_is_left(&url, recovery::TIMEOUT).await.unwrap();
}
