//! Statements that are sent without waiting for their answers.

use super::{ADD, Part, add, advance, failed_part, goes_on, map, model, numbers, owned, part};
use crate::fixture::Fixture;

const TABLE: &str = "\"es_numbers_v1\".\"numbers\"";

/// A part that pushes 1 for `key`.
fn push(key: &'static str) -> Part {
    part!(db => Ok(db.push(ADD, &[&key, &1_i64]).await?))
}

/// A part that pushes a statement which fails.
fn push_failing() -> Part {
    part!(db => Ok(db.push("INSERT INTO {numbers} VALUES ($1, NULL)", &[&"x"]).await?))
}

fn idle() -> Part {
    part!(_db => Ok(()))
}

#[tokio::test]
async fn pushed_statements_run_in_order_and_are_read_by_what_follows() {
    let fixture = Fixture::new().await;
    let claim = owned(&fixture.store, &model(), "one").await;
    let many = part!(db => {
        // More than may be on their way at once.
        for number in 0..2_000_i64 {
            db.push(ADD, &[&"a", &number]).await?;
            db.push("UPDATE {numbers} SET number = number % 1000 WHERE key = $1", &[&"a"]).await?;
        }
        let mut expected = 0;
        for number in 0..2_000_i64 {
            expected = (expected + number) % 1_000;
        }
        let row = db.query_one("SELECT number FROM {numbers} WHERE key = $1", &[&"a"]).await?;
        assert_eq!(row.get::<_, i64>(0), expected);
        assert!(db.query_opt("SELECT 1 FROM {numbers} WHERE key = 'b'", &[]).await?.is_none());
        assert_eq!(db.query("SELECT 1 FROM {numbers}", &[]).await?.len(), 1);
        assert_eq!(db.execute("DELETE FROM {numbers}", &[]).await?, 1);
        db.push(ADD, &[&"a", &7_i64]).await?;
        Ok(())
    });
    let client = fixture.client().await;
    let claim = advance(&fixture.store, &claim, vec![many, push("a"), push("b")]).await.unwrap();
    assert_eq!(numbers(&client, TABLE).await, map([("a", 8), ("b", 1)]));
    goes_on(&fixture.store, &client, &claim).await;
}

#[tokio::test]
async fn a_pushed_statement_that_fails_is_blamed_on_the_part_that_pushed_it() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    let fails_itself = || part!(_db => Err("its own".into()));
    let behind: [fn() -> Vec<Part>; 6] = [
        Vec::new,
        || vec![idle(), idle()],
        || vec![push("a"), push("b"), idle()],
        || vec![idle(), add("a")],
        || vec![idle(), part!(db => { drop(db.query("SELECT 1", &[]).await); Ok(()) }), idle()],
        || vec![part!(db => { db.push("SELECT nowhere", &[]).await?; Ok(()) })],
    ];
    for behind in behind.into_iter().map(|behind| behind()).chain([vec![push("a"), fails_itself()]]) {
        let mut parts = vec![push("a"), push_failing()];
        parts.extend(behind);
        let (index, error) = failed_part(advance(store, &claim, parts).await);
        assert_eq!(index, 1, "{error}");
        assert!(error.contains("null value"), "{error}");
        claim = goes_on(store, &client, &claim).await;
    }
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_an_error_of_the_part_and_are_not_shown() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    let wrong: [Part; 4] = [
        part!(db => Ok(db.push(ADD, &[&"secret"]).await?)),
        part!(db => Ok(db.execute(ADD, &[&"secret", &"secret"]).await.map(drop)?)),
        part!(db => { drop(db.execute(ADD, &[&"secret", &7_i32]).await); Ok(()) }),
        part!(db => Ok(db.query(ADD, &[]).await.map(drop)?)),
    ];
    for wrong in wrong {
        let (index, error) = failed_part(advance(store, &claim, vec![add("a"), wrong, add("b")]).await);
        assert_eq!(index, 1);
        assert!(error.contains("the parameters do not fit") && !error.contains("secret"), "{error}");
        claim = goes_on(store, &client, &claim).await;
    }
}

#[tokio::test]
async fn another_number_of_rows_than_one_is_an_error_that_the_method_may_handle() {
    let fixture = Fixture::new().await;
    let claim = owned(&fixture.store, &model(), "one").await;
    let rows = part!(db => {
        let none = db.query_one("SELECT 1 FROM {numbers}", &[]).await.unwrap_err();
        assert_eq!(none.to_string(), "the statement gave 0 rows, and not one");
        let two = db.query_opt("SELECT generate_series(1, 2)", &[]).await.unwrap_err();
        assert_eq!(two.to_string(), "the statement gave 2 rows, and not one");
        Ok(())
    });
    advance(&fixture.store, &claim, vec![rows, add("a")]).await.unwrap();
    assert_eq!(numbers(&fixture.client().await, TABLE).await, map([("a", 1)]));
}
