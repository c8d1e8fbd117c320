//! The schema of a read model: whose it is, what is in it, and how statements find it.

use es_core::{EventStore, LimitError, ReadModelError, ReadModelId, ReadModelRequest, Transactions, WorkError};
use es_postgres::{PostgresReadModelError, PostgresStore};

use super::{HOUR, LONG, add, advance, executes, map, model, numbers, owned, part, set_up, work};
use crate::fixture::Fixture;

#[tokio::test]
async fn a_schema_of_somebody_else_is_not_dropped_and_the_error_names_it() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    client.batch_execute("CREATE SCHEMA es_numbers_v1; CREATE TABLE es_numbers_v1.theirs (x int)").await.unwrap();
    let result = fixture.store.claim_with(&model(), "one", HOUR, work(set_up(), LONG)).await;
    let Err(WorkError::Store(ReadModelError::Store(error))) = &result else { panic!("{result:?}") };
    let error: &PostgresReadModelError = error.downcast_ref().unwrap();
    assert!(matches!(error, PostgresReadModelError::SchemaExists { schema } if schema == "es_numbers_v1"), "{error:?}");
    // Also when there is a read model of this name, such as one of rows by key.
    let read_models = fixture.store.capabilities().read_models.unwrap();
    read_models.claim(&model(), "one", HOUR).await.unwrap();
    let result = fixture.store.claim_with(&model(), "one", HOUR, work(set_up(), LONG)).await;
    assert!(matches!(result, Err(WorkError::Store(ReadModelError::Store(_)))), "{result:?}");
    client.batch_execute("TABLE es_numbers_v1.theirs; DROP SCHEMA es_numbers_v1 CASCADE").await.unwrap();
    owned(&fixture.store, &model(), "one").await;
}

#[tokio::test]
async fn two_logs_in_one_database_have_tables_of_their_own() {
    let fixture = Fixture::new().await;
    let other = PostgresStore::builder(&fixture.database.url()).schema("we\"ird").connect().await.unwrap();
    let client = fixture.client().await;
    for (store, key) in [(&fixture.store, "a"), (&other, "b")] {
        let claim = owned(store, &model(), "one").await;
        advance(store, &claim, vec![add(key)]).await.unwrap();
    }
    assert_eq!(other.table(&model(), "numbers").unwrap(), "\"we\"\"ird_numbers_v1\".\"numbers\"");
    assert_eq!(numbers(&client, &fixture.store.table(&model(), "numbers").unwrap()).await, map([("a", 1)]));
    assert_eq!(numbers(&client, &other.table(&model(), "numbers").unwrap()).await, map([("b", 1)]));
    // `es_a` with `b` and `es` with `a_b` would have one schema: the second one is refused, and takes nothing away.
    let third = PostgresStore::builder(&fixture.database.url()).schema("es_a").connect().await.unwrap();
    owned(&third, &ReadModelId::new("b", 1).unwrap(), "one").await;
    let same = ReadModelId::new("a_b", 1).unwrap();
    let result = fixture.store.claim_with(&same, "one", HOUR, work(set_up(), LONG)).await;
    assert!(matches!(result, Err(WorkError::Store(ReadModelError::Store(_)))), "{result:?}");
    client.batch_execute("TABLE es_a_b_v1.numbers").await.unwrap();
}

#[tokio::test]
async fn versions_of_one_projection_run_side_by_side_with_one_text_of_sql() {
    const INSERT: &str = "INSERT INTO {numbers} VALUES ($1, $2) RETURNING number";
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let second = ReadModelId::new("numbers", 2).unwrap();
    let mut claims = [owned(store, &model(), "one").await, owned(store, &second, "one").await];
    // The types differ, so a statement that was prepared for one version does not fit the other.
    let alter = "ALTER TABLE {numbers} ALTER COLUMN number TYPE text USING number::text";
    claims[1] = advance(store, &claims[1], vec![executes(alter)]).await.unwrap();
    for number in 0..5_i64 {
        let key = number.to_string();
        let first = part!(db => { db.query_one(INSERT, &[&key, &number]).await?.try_get::<_, i64>(0)?; Ok(()) });
        claims[0] = advance(store, &claims[0], vec![first]).await.unwrap();
        let key = number.to_string();
        let second = part!(db => { db.query_one(INSERT, &[&key, &key]).await?.try_get::<_, String>(0)?; Ok(()) });
        claims[1] = advance(store, &claims[1], vec![second]).await.unwrap();
    }
    assert_eq!(numbers(&client, &store.table(&model(), "numbers").unwrap()).await.len(), 5);
}

#[tokio::test]
async fn a_rebuild_makes_tables_of_another_shape_for_which_statements_are_prepared_again() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let read = || part!(db => { db.query("SELECT * FROM {numbers}", &[]).await?; Ok(()) });
    let mut claim = owned(store, &model(), "one").await;
    claim = advance(store, &claim, vec![read(), add("a"), read()]).await.unwrap();
    client.batch_execute("CREATE VIEW es_numbers_v1.seen AS TABLE es_numbers_v1.numbers").await.unwrap();
    for version in 0..3 {
        store.capabilities().read_models.unwrap().ask(&claim.model, ReadModelRequest::Rebuild).await.unwrap();
        let sql = format!(
            "CREATE TYPE {{kind}} AS ENUM ('k{version}'); CREATE INDEX {{by_kind}} ON {{numbers}} (key);
                           ALTER TABLE {{numbers}} ADD COLUMN kind_{version} {{kind}} DEFAULT 'k{version}'"
        );
        let mut parts = set_up();
        parts.push(executes(sql));
        let es_core::Claimed::Owned(again) = store.claim_with(&model(), "one", HOUR, work(parts, LONG)).await.unwrap()
        else {
            panic!("the owner is refused")
        };
        assert_eq!(numbers(&client, "es_numbers_v1.numbers").await, map([]));
        let insert = "INSERT INTO {numbers} (key, number) VALUES ($1, 1)";
        let insert = part!(db => Ok(db.execute(insert, &[&"b"]).await.map(drop)?));
        claim = advance(store, &again, vec![read(), insert, read()]).await.unwrap();
    }
}

#[tokio::test]
async fn names_are_found_in_the_schema_of_the_read_model_before_any_other() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    client.batch_execute("CREATE TABLE public.numbers (key text PRIMARY KEY, number bigint)").await.unwrap();
    client.batch_execute("CREATE TABLE public.mine (x int)").await.unwrap();
    let mut claim = owned(store, &model(), "one").await;
    let shadow = "CREATE TEMP TABLE numbers (key text PRIMARY KEY, number bigint NOT NULL)";
    claim = advance(store, &claim, vec![executes(shadow), add("a")]).await.unwrap();
    claim = advance(store, &claim, vec![add("a")]).await.unwrap();
    assert_eq!(numbers(&client, "es_numbers_v1.numbers").await, map([("a", 2)]));
    assert_eq!(numbers(&client, "public.numbers").await, map([]));
    let theirs = advance(store, &claim, vec![executes("INSERT INTO {mine} VALUES (1)")]).await;
    assert!(super::failed_part(theirs).1.contains("does not exist"));
    advance(store, &claim, vec![executes("INSERT INTO public.mine VALUES (1)")]).await.unwrap();
}

#[tokio::test]
async fn a_name_that_the_server_would_cut_off_is_refused() {
    let fixture = Fixture::new().await;
    let (store, long) = (&fixture.store, "t".repeat(64));
    assert!(matches!(store.table(&model(), &long), Err(LimitError::TooLong { bytes: 64, limit: 63, .. })));
    let model = ReadModelId::new("n".repeat(48), 4_000_000_000).unwrap();
    assert!(store.table(&model, "numbers").is_ok(), "es_, 48 letters, _v and ten digits are 63 bytes");
    let other = PostgresStore::builder(&fixture.database.url()).schema("log").connect().await.unwrap();
    assert!(matches!(other.table(&model, "numbers"), Err(LimitError::TooLong { bytes: 64, limit: 63, .. })));
    let result = other.claim_with(&model, "one", HOUR, work(set_up(), LONG)).await;
    assert!(matches!(result, Err(WorkError::Store(ReadModelError::Limit(_)))), "{result:?}");
    assert_eq!(other.capabilities().read_models.unwrap().statuses().await.unwrap(), []);
    let claim = owned(store, &super::model(), "one").await;
    let sql = format!("CREATE TABLE {{{long}}} (x int)");
    let (index, error) = super::failed_part(advance(store, &claim, vec![add("a"), super::ignores(sql)]).await);
    assert!(index == 1 && error.contains("64 bytes"), "{error}");
}
