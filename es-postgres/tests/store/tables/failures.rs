//! What is a failure of a part, and what is one of the server.

use std::time::{Duration, Instant};

use es_core::{Fault, StoreErrorKind, Transactions};
use es_postgres::PostgresTxError;

use super::{
    HOUR, LONG, Part, add, advance, advance_within, executes, failed_part, goes_on, ignores, kind_of_store, model,
    owned, part, set_up, work,
};
use crate::fixture::Fixture;

/// A statement that the server ends with this SQLSTATE.
fn raising(code: &str) -> String {
    format!("DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}'; END $$")
}

#[tokio::test]
async fn an_error_of_the_server_fails_no_part_whatever_the_method_makes_of_it() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    for (code, kind) in [
        ("40001", StoreErrorKind::Busy),
        ("40P01", StoreErrorKind::Busy),
        ("53100", StoreErrorKind::Unavailable),
        ("53300", StoreErrorKind::Busy),
        ("57P03", StoreErrorKind::Unavailable),
        ("08006", StoreErrorKind::Unavailable),
        ("25006", StoreErrorKind::Misconfigured),
    ] {
        let sql = raising(code);
        let pushed = sql.clone();
        let own = sql.clone();
        let parts: [Part; 4] = [
            executes(sql.clone()),
            ignores(sql),
            part!(db => { db.push(&pushed, &[]).await?; Err("its own".into()) }),
            part!(db => db.execute(&own, &[]).await.map(drop).map_err(|_| Fault::from("its own"))),
        ];
        for part in parts {
            let result = advance(store, &claim, vec![add("a"), part, add("b")]).await;
            assert_eq!(kind_of_store(&result), kind, "{code}");
            claim = goes_on(store, &client, &claim).await;
        }
    }
    for code in ["22012", "23505", "57014", "P0001", "XX000"] {
        let result = advance(store, &claim, vec![add("a"), ignores(raising(code)), add("b")]).await;
        let (index, error) = failed_part(result);
        assert!(index == 1 && error.contains("on purpose"), "{code}: {error}");
        claim = goes_on(store, &client, &claim).await;
    }
}

#[tokio::test]
async fn a_part_that_waits_too_long_is_ended_and_holds_nothing() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    let began = Instant::now();
    let short = Duration::from_millis(200);
    let waits: [Part; 3] = [
        executes("SELECT pg_sleep(60)"),
        part!(_db => { tokio::time::sleep(LONG).await; Ok(()) }),
        part!(db => { db.push("SELECT pg_sleep(60)", &[]).await?; tokio::time::sleep(LONG).await; Ok(()) }),
    ];
    for part in waits {
        let (index, error) = failed_part(advance_within(store, &claim, vec![add("a"), part], short).await);
        assert!(index == 1 && error.contains("it took longer than 200ms"), "{error}");
        claim = goes_on(store, &client, &claim).await;
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_part_may_be_idle_longer_than_a_statement_may_run() {
    let fixture = Fixture::with(|builder| builder.statement_timeout(Duration::from_secs(1))).await;
    let claim = owned(&fixture.store, &model(), "one").await;
    let idle = part!(_db => { tokio::time::sleep(Duration::from_secs(3)).await; Ok(()) });
    advance(&fixture.store, &claim, vec![idle, add("a")]).await.unwrap();
}

#[tokio::test]
async fn a_constraint_that_fails_at_the_commit_fails_the_part_that_is_alone() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    let deferred = "ALTER TABLE {numbers} ADD CONSTRAINT positive UNIQUE (number) DEFERRABLE INITIALLY DEFERRED";
    claim = advance(store, &claim, vec![executes(deferred), add("a")]).await.unwrap();
    let duplicate = || executes("INSERT INTO {numbers} VALUES ('b', 1)");
    let (index, error) = failed_part(advance(store, &claim, vec![executes("SELECT 1"), duplicate()]).await);
    assert!(index == 1 && error.contains("could not be committed"), "{index}: {error}");
    let (index, error) = failed_part(advance(store, &claim, vec![duplicate()]).await);
    assert!(index == 0 && error.contains("positive"), "{index}: {error}");
    let (index, _) = failed_part(advance(store, &claim, vec![duplicate(), executes("SELECT 1"), add("c")]).await);
    assert_eq!(index, 1, "half of them are tried without the others");
    advance(store, &claim, vec![executes("UPDATE {numbers} SET number = 5")]).await.unwrap();
    assert_eq!(super::numbers(&client, "es_numbers_v1.numbers").await, super::map([("a", 5)]));
}

#[tokio::test]
async fn statements_that_end_the_transaction_are_not_sent() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    for sql in [
        "-- x\n/* y */ COMMIT",
        "SET search_path = public",
        "RESET ALL",
        "DISCARD ALL",
        "LISTEN x",
        "PREPARE x AS SELECT 1",
    ] {
        let refused: [Part; 3] = [
            part!(db => {
                let error = db.execute(sql, &[]).await.unwrap_err();
                assert!(matches!(error, PostgresTxError::Refused { .. }), "{error:?}");
                Err(error.into())
            }),
            ignores(sql),
            part!(db => Ok(db.push(sql, &[]).await?)),
        ];
        for part in refused {
            let (index, error) = failed_part(advance(store, &claim, vec![add("a"), part, add("b")]).await);
            assert!(index == 1 && error.contains("a projection cannot send"), "{error}");
            claim = goes_on(store, &client, &claim).await;
        }
    }
    advance(store, &claim, vec![executes("SET LOCAL work_mem = '1MB'; SET CONSTRAINTS ALL IMMEDIATE")]).await.unwrap();
}

#[tokio::test]
async fn a_part_appends_to_its_own_store_in_no_way_and_to_another_one_in_any() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let claim = owned(store, &model(), "one").await;
    let (own, url) = (store.clone(), fixture.database.url());
    let appends = part!(_db => {
        let append = || crate::fixture::one("1", es_core::Expected::Any);
        es_core::EventStore::append(&own, append().into()).await.unwrap_err();
        own.append_statement(append()).unwrap_err();
        let mut client = crate::fixture::connect(&url).await;
        let transaction = client.transaction().await?;
        let error = own.append_in(&transaction, append()).await.unwrap_err();
        assert!(format!("{error:?}").contains("AppendInHandler"), "{error:?}");
        Ok(())
    });
    let claim = advance(store, &claim, vec![appends]).await.unwrap();
    let other = es_postgres::PostgresStore::connect(&fixture.database.url()).await.unwrap();
    let appends = part!(_db => {
        es_core::EventStore::append(&other, crate::fixture::one("1", es_core::Expected::Any).into()).await?;
        Ok(())
    });
    advance(store, &claim, vec![appends]).await.unwrap();
    let count = client.query_one("SELECT count(*) FROM es.events", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_statement_whose_answer_the_method_drops_still_counts() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let claim = owned(store, &model(), "one").await;
    let dropped = part!(db => {
        let failing = db.execute_batch("SELECT 1 / (s.n - s.n) FROM (SELECT pg_sleep(0.2), random() AS n OFFSET 0) s");
        assert!(tokio::time::timeout(Duration::from_millis(50), failing).await.is_err());
        Ok(())
    });
    let (index, error) = failed_part(advance(store, &claim, vec![dropped]).await);
    assert!(index == 0 && error.contains("could not be committed"), "{error}");
    goes_on(store, &client, &claim).await;
}

#[tokio::test]
async fn a_set_up_that_fails_says_so_and_an_error_of_the_server_does_not() {
    let fixture = Fixture::new().await;
    let claim = async |part: Part| {
        let mut parts = set_up();
        parts.push(part);
        fixture.store.claim_with(&model(), "one", HOUR, work(parts, LONG)).await
    };
    assert_eq!(failed_part(claim(ignores("SELECT 1 / 0")).await).0, 1);
    assert_eq!(kind_of_store(&claim(ignores(raising("40001"))).await), StoreErrorKind::Busy);
    let terminates = ignores("SELECT pg_terminate_backend(pg_backend_pid())");
    assert_eq!(kind_of_store(&claim(terminates).await), StoreErrorKind::Unavailable);
    let left = fixture.client().await.query_one("SELECT count(*) FROM es.projections", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0, "a claim is left");
}
