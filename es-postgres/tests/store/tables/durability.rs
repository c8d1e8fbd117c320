//! Which commits wait for the disk.

use es_core::Transactions;
use es_postgres::PostgresStore;

use super::{HOUR, LONG, add, advance, executes, model, owned, set_up, work};
use crate::fixture::Fixture;

#[tokio::test]
async fn steps_do_not_wait_for_the_disk_and_claims_do_whatever_the_projection_sets() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    // Notes the setting at the commit: a deferred trigger runs after everything else.
    let note = "
        CREATE TABLE noted (synchronous_commit text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.noted VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON es.projections DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION note();";
    client.batch_execute(note).await.unwrap();
    let noted = async || {
        let rows = client.query("DELETE FROM noted RETURNING synchronous_commit", &[]).await.unwrap();
        let mut settings: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        settings.dedup();
        settings
    };
    for (number, setting) in (1..).zip(["on", "off", "local", "remote_apply"]) {
        let database = fixture.database.name();
        let set = format!("ALTER DATABASE {database} SET synchronous_commit = {setting}");
        client.batch_execute(&set).await.unwrap();
        let store = PostgresStore::builder(&fixture.database.url()).allow_unsafe_server().connect().await.unwrap();
        let durable = if setting == "remote_apply" { setting } else { "on" };
        let model = es_core::ReadModelId::new("numbers", number).unwrap();
        let mut parts = set_up();
        parts.push(executes("SET LOCAL synchronous_commit = off"));
        store.claim_with(&model, "one", HOUR, work(parts, LONG)).await.unwrap();
        assert_eq!(noted().await, [if setting == "remote_apply" { "on" } else { durable }], "a set-up with {setting}");
        let claim = owned(&store, &model, "one").await;
        assert_eq!(noted().await, [durable], "a claim with {setting}");
        let claim = advance(&store, &claim, vec![add("a")]).await.unwrap();
        assert_eq!(noted().await, ["off"], "a step with {setting}");
        owned(&store, &claim.model, "one").await;
        assert_eq!(noted().await, [durable], "a later claim with {setting}");
    }
    owned(&fixture.store, &model(), "one").await;
}
