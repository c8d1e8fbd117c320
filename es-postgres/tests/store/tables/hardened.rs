//! Tables of an application that may only execute the functions of es and read.

use es_core::{EventStore, ReadModelRequest, StoreErrorKind, Transactions, WorkError};

use super::{HOUR, LONG, add, advance, executes, failed_part, goes_on, map, model, numbers, owned, set_up, work};
use crate::fixture::Fixture;

#[tokio::test]
async fn schemas_belong_to_a_role_that_the_applications_share() {
    let mut fixture = Fixture::hardened().await;
    let (store, client) = (fixture.store.clone(), fixture.client().await);
    let claim = owned(&store, &model(), "one").await;
    let claim = advance(&store, &claim, vec![add("a"), executes("CREATE INDEX {by_number} ON {numbers} (number)")])
        .await
        .unwrap();
    let projections = format!("es_projections_{}", fixture.database.name());
    let owners = "SELECT n.nspowner::regrole::text, c.relowner::regrole::text
                  FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = 'es_numbers_v1' AND c.relkind = 'r'";
    let owners = client.query_one(owners, &[]).await.unwrap();
    assert_eq!((owners.get::<_, &str>(0), owners.get::<_, &str>(1)), (&*projections, &*projections));
    let other = fixture.another_application().await;
    other.capabilities().read_models.unwrap().ask(&model(), ReadModelRequest::Rebuild).await.unwrap();
    let claim = {
        assert!(super::is_fenced(&advance(&store, &claim, vec![add("a")]).await));
        owned(&other, &model(), "two").await
    };
    assert_eq!(numbers(&client, "es_numbers_v1.numbers").await, map([]));
    let claim = advance(&other, &claim, vec![add("b")]).await.unwrap();
    advance(&store, &claim, vec![add("c")]).await.unwrap();
    assert_eq!(numbers(&client, "es_numbers_v1.numbers").await, map([("b", 1), ("c", 1)]));
    for store in [store, other] {
        assert_eq!(store.missing_protections().await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_log_is_out_of_reach_also_while_tables_are_made() {
    let fixture = Fixture::hardened().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    for sql in [
        "INSERT INTO es.events SELECT * FROM es.events",
        "UPDATE es.projections SET handled = 0",
        "DELETE FROM es.rows",
        "ALTER TABLE es.projections ADD COLUMN mine int",
        "LOCK TABLE es.projections IN ACCESS EXCLUSIVE MODE",
        "ALTER TABLE {numbers} OWNER TO postgres",
        "SELECT set_config('role', 'postgres', true)",
    ] {
        let (index, error) = failed_part(advance(store, &claim, vec![add("a"), executes(sql)]).await);
        assert!(index == 1 && (error.contains("permission denied") || error.contains("must be")), "{sql}: {error}");
        claim = goes_on(store, &client, &claim).await;
        let mut parts = set_up();
        parts.push(executes(sql));
        let other = es_core::ReadModelId::new("others", 1).unwrap();
        let result = store.claim_with(&other, "one", HOUR, work(parts, LONG)).await;
        assert!(matches!(result, Err(WorkError::Part { index: 1, .. })), "{sql}: {result:?}");
    }
    // The server only warns of a grant of rights that one does not have.
    claim = advance(store, &claim, vec![executes("GRANT ALL ON es.events TO PUBLIC")]).await.unwrap();
    assert_eq!(store.missing_protections().await.unwrap(), []);
    goes_on(store, &client, &claim).await;
}

#[tokio::test]
async fn a_role_that_may_not_make_schemas_is_told_so() {
    let fixture = Fixture::hardened().await;
    let revoke = format!("REVOKE CREATE ON DATABASE {0} FROM es_projections_{0}", fixture.database.name());
    fixture.client().await.batch_execute(&revoke).await.unwrap();
    let result = fixture.store.claim_with(&model(), "one", HOUR, work(set_up(), LONG)).await;
    assert_eq!(super::kind_of_store(&result), StoreErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_log_is_hardened_also_when_it_has_tables_already() {
    let fixture = Fixture::new().await;
    let claim = owned(&fixture.store, &model(), "one").await;
    advance(&fixture.store, &claim, vec![add("a")]).await.unwrap();
    let mut fixture = fixture.harden().await;
    let application = fixture.another_application().await;
    let client = fixture.client().await;
    let claim = advance(&application, &owned(&application, &model(), "one").await, vec![add("a")]).await.unwrap();
    assert_eq!(numbers(&client, "es_numbers_v1.numbers").await, map([("a", 2)]));
    application.capabilities().read_models.unwrap().ask(&claim.model, ReadModelRequest::Rebuild).await.unwrap();
    owned(&application, &model(), "one").await;
    assert_eq!(numbers(&client, "es_numbers_v1.numbers").await, map([]));
}
