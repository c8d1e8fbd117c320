//! The query plans of reads are index scans, however long the log is and whenever they were made.
//!
//! `ES_PLAN_EVENTS` sets the number of events in the log, 100,000 by default.

use std::time::Duration;

use es_core::{Append, Checkpoint, Direction, EventStore, Expected, Filter, Version};
use es_postgres::PostgresStore;
use futures_util::TryStreamExt;
use tokio_postgres::Client;

use crate::{
    fixture::{Fixture, event, one, stream},
    pools::pool,
};

async fn fill(client: &Client) {
    let count: u32 = std::env::var("ES_PLAN_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let fill = format!(
        "INSERT INTO es.events (position, version, recorded_at, event_id, schema_version, slice, together, category, id, name, payload)
         SELECT nextval('es.position'), (n - 1) / 1000 + 1, now(), gen_random_uuid(), 1, 0, 1,
                'category-' || n % 10, (n - 1) % 1000, 'type-' || n % 20, '{{}}'
         FROM generate_series(1, {count}) n"
    );
    client.batch_execute(&fill).await.unwrap();
}

#[tokio::test]
async fn every_read_of_a_long_log_is_an_index_scan() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    fill(&client).await;
    client.batch_execute("VACUUM ANALYZE es.events").await.unwrap();
    // The settings of the store's connections.
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                    SET enable_sort = off; SET enable_incremental_sort = off; SET jit = off";
    client.batch_execute(settings).await.unwrap();
    let forward = "'category-1', '1', 0, 100";
    let today = fixture.store.frontier().await.unwrap().incarnation().unwrap();
    let all = format!("50000, 60000, 100, '{today}'");
    let by_category = include_str!("../../src/read/all_by_category.sql");
    let by_categories = include_str!("../../src/read/all_by_categories.sql");
    let statements = [
        (include_str!("../../src/read/stream_forward.sql"), forward.to_owned(), "", "events_stream_version"),
        (include_str!("../../src/read/stream_backward.sql"), forward.to_owned(), "", "events_stream_version"),
        (include_str!("../../src/read/all.sql"), all.clone(), "", "events_position"),
        (include_str!("../../src/read/all.sql"), format!("{all}, '{{type-1}}'"), "$5", "events_position"),
        (by_category, format!("{all}, 'category-1'"), "", "events_category_position"),
        (by_category, format!("{all}, 'category-1', '{{type-1}}'"), "$6", "events_category_position"),
        (by_categories, format!("{all}, '{{category-1,category-2}}'"), "", "events_category_position"),
        (by_categories, format!("{all}, '{{category-1}}', '{{type-1}}'"), "$6", "events_category_position"),
    ];
    for (number, (sql, parameters, names, index)) in statements.into_iter().enumerate() {
        for (direction, beyond, within, order) in [("forward", ">", "<=", "ASC"), ("backward", "<", ">=", "DESC")] {
            let sql = sql.replace("{schema}", "es").replace("{order}", order);
            let names = if names.is_empty() { String::new() } else { format!(" AND name = ANY ({names})") };
            let sql = sql.replace("{beyond}", beyond).replace("{within}", within).replace("{slices}", "");
            let sql = sql.replace("{names}", &names);
            client.batch_execute(&format!("PREPARE {direction}{number} AS {sql}")).await.unwrap();
            let explain = format!("EXPLAIN EXECUTE {direction}{number} ({parameters})");
            let rows = client.query(&explain, &[]).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let plan = plan.join("\n");
            assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{sql}\n{plan}");
            // Only the events of several categories have to be merged.
            assert!(!plan.contains("Sort") || sql.contains("LATERAL"), "{sql}\n{plan}");
        }
    }
}

#[tokio::test]
async fn the_nearest_snapshot_is_found_by_index_scans() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    fill(&client).await;
    let one_of_each_event = "INSERT INTO es.snapshots (category, id, schema, version, position, recorded_at, payload)
                             SELECT category, id, 's', version, position, recorded_at, 'x' FROM es.events";
    for statement in [one_of_each_event, "VACUUM ANALYZE es.events", "VACUUM ANALYZE es.snapshots"] {
        client.batch_execute(statement).await.unwrap();
    }
    // The settings of the store's connections.
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                    SET enable_sort = off; SET enable_incremental_sort = off; SET jit = off";
    client.batch_execute(settings).await.unwrap();
    let sql = include_str!("../../src/snapshot_nearest.sql").replace("{schema}", "es");
    client.batch_execute(&format!("PREPARE nearest AS {sql}")).await.unwrap();
    let max = i64::MAX;
    for at in [
        format!("{max}, {max}, NULL"),
        format!("50, {max}, NULL"),
        format!("{max}, 50000, NULL"),
        format!("{max}, {max}, now()"),
    ] {
        let explain =
            format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE nearest ('category-1', '0', 's', {at})");
        let rows = client.query(&explain, &[]).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        for part in [
            "Index Scan Backward using snapshots_stream_schema_version on snapshots s (actual rows=1",
            "Index Scan using events_stream_version on events e (actual rows=1",
        ] {
            // Newer servers print the rows as a decimal number.
            let line = plan.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {at}\n{plan}"));
            assert!(line.ends_with("loops=1)"), "{at}\n{plan}");
        }
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{at}\n{plan}");
    }
}

#[tokio::test]
async fn rows_are_found_by_index_scans() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    // The settings of the store's connections.
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                    SET enable_sort = off; SET enable_incremental_sort = off; SET jit = off";
    client.batch_execute(settings).await.unwrap();
    for (name, sql) in [
        ("by_keys", include_str!("../../src/read_model/rows.sql")),
        ("after", include_str!("../../src/read_model/rows_after.sql")),
        ("count", include_str!("../../src/read_model/events_after.sql")),
    ] {
        client.batch_execute(&format!("PREPARE {name} AS {}", sql.replace("{schema}", "es"))).await.unwrap();
    }
    // Also with the plans that were made while the tables were empty.
    for filled in [false, true] {
        if filled {
            fill(&client).await;
            let rows = "INSERT INTO es.rows SELECT 'p' || n % 3, 1, n, '{}' FROM generate_series(1, 30000) n";
            for statement in [rows, "VACUUM ANALYZE es.rows", "VACUUM ANALYZE es.events"] {
                client.batch_execute(statement).await.unwrap();
            }
        }
        for (execute, index) in [
            ("by_keys ('p1', 1, '{1,4,7}')", "rows_projection_version_key"),
            ("after ('p1', 1, '5', 100)", "rows_projection_version_key"),
            ("count (50000, 60000)", "events_position"),
        ] {
            let rows = client.query(&format!("EXPLAIN EXECUTE {execute}"), &[]).await.unwrap();
            let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
            assert!(plan.contains(index) && !plan.contains("Seq Scan") && !plan.contains("Sort"), "{execute}\n{plan}");
        }
    }
}

#[tokio::test]
async fn the_last_event_is_found_without_scanning_uncommitted_events() {
    let fixture = Fixture::new().await;
    fixture.store.append(one("1", Expected::NoStream).into()).await.unwrap();
    let mut writer = fixture.client().await;
    let transaction = writer.transaction().await.unwrap();
    let append = Append::new(stream("2"), Expected::NoStream, (0..1000).map(|_| event("{}")).collect());
    fixture.store.append_in(&transaction, append).await.unwrap();
    let client = fixture.client().await;
    let frontier = include_str!("../../src/read/frontier.sql").replace("{schema}", "es");
    let set_up = format!("SET enable_seqscan = off; SET enable_bitmapscan = off; PREPARE frontier AS {frontier}");
    client.batch_execute(&set_up).await.unwrap();
    let explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE frontier (1)";
    let rows = client.query(explain, &[]).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let looked_at: Vec<u64> =
        plan.iter().filter_map(|line| line.trim().strip_prefix("Heap Fetches: ")?.parse().ok()).collect();
    assert_eq!(looked_at, [1, 1], "{}", plan.join("\n"));
    assert_eq!(fixture.store.frontier().await.unwrap().position(), 1);
}

#[tokio::test]
async fn a_statement_prepared_on_an_empty_log_does_not_keep_a_sequential_scan() {
    let fixture = Fixture::new().await;
    keeps_no_scan(&fixture, &fixture.store).await;
}

#[tokio::test]
async fn a_pooled_statement_prepared_on_an_empty_log_does_not_keep_a_sequential_scan() {
    let fixture = Fixture::new().await;
    let pool = pool(&fixture.database, 1, "");
    let store = PostgresStore::from_pool(pool, &fixture.database.url()).await.unwrap();
    keeps_no_scan(&fixture, &store).await;
}

async fn keeps_no_scan(fixture: &Fixture, store: &PostgresStore) {
    let client = fixture.client().await;
    for statement in ["ALTER TABLE es.events SET (autovacuum_enabled = off)", "VACUUM ANALYZE es.events"] {
        client.batch_execute(statement).await.unwrap();
    }
    let read = async || {
        // Uses every shared connection, and reads beyond the first page.
        for _ in 0..4 {
            let filters = [Filter::all(), Filter::all().category("category-1"), Filter::all().name("type-1")];
            for filter in filters {
                let events = store.read_all(Checkpoint::START, &filter, Some(400));
                events.try_collect::<Vec<_>>().await.unwrap();
            }
            let events = store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
            events.try_collect::<Vec<_>>().await.unwrap();
        }
    };
    read().await;
    // Waits until the statistics include the scans of the empty log.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    read().await;
    fill(&client).await;
    let scans = async || -> (i64, i64) {
        let scans = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables WHERE relid = 'es.events'::regclass";
        let row = client.query_one(scans, &[]).await.unwrap();
        (row.get(0), row.get(1))
    };
    let (before, fetched) = scans().await;
    for _ in 0..60 {
        read().await;
        // Sessions report their statistics about once a second.
        if scans().await.1 > fetched + 1_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let (after, fetched_after) = scans().await;
    assert!(fetched_after > fetched, "no row was read by an index scan");
    assert_eq!(after, before, "rows were read by a sequential scan");
}
