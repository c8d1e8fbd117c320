//! A synchronous standby that does not exist, so that commits wait for it.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::tools::trial::connect;

/// Names the standby that commits wait for, or none, and returns when commits behave so.
///
/// The checkpointer applies the setting, some time after the reload.
pub(crate) async fn set_standby(url: &str, names: &str) {
    let client = connect(url).await;
    client.batch_execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'")).await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    loop {
        let other = connect(url).await;
        let commit = tokio::spawn(async move { other.batch_execute("INSERT INTO plain VALUES (0)").await });
        while !commit.is_finished() {
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            if !names.is_empty() && client.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        commit.await.unwrap().unwrap();
        if names.is_empty() {
            return;
        }
    }
}

/// Cancels every wait for the standby, as an administrator would to unblock the application.
pub(crate) fn cancel_waits(url: &str) -> JoinHandle<()> {
    let url = url.to_owned();
    tokio::spawn(async move {
        let client = connect(&url).await;
        loop {
            let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            client.batch_execute(cancel).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}
