//! The mark of a session that appends: by it the server's process that works on one of its statements is found.
//!
//! The process that a session began on is not enough: a pooler such as pgbouncer gives each transaction another one, and
//! the first to somebody else.

use tokio_postgres::Client;
use uuid::Uuid;

use crate::server::connection::Backend;
use crate::server::error::PostgresError;

/// Stands at the head of each statement that a session sends once it is ready.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    text: String,
    /// The server's process that the session began on, for a server that does not show what its processes do.
    process: Backend,
}

impl Mark {
    /// A mark that no other session has.
    pub(crate) fn new(process: Backend) -> Self {
        Self { text: format!("/* es {} */", Uuid::now_v7().simple()), process }
    }

    /// `sql` as a statement of the session.
    pub(crate) fn on(&self, sql: &str) -> String {
        format!("{} {sql}", self.text)
    }

    /// Ends the process whose last statement has this mark: what was sent to it may be on its way still. Tells whether
    /// there is none. Asks over `client`, which is marked by `own`.
    pub(crate) async fn end(&self, client: &Client, own: &Self) -> Result<bool, PostgresError> {
        // marked itself: a process that nothing marks could not be found when the next append is unanswered
        let end = own.on("SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE usename OPERATOR(pg_catalog.=) current_user AND (pg_catalog.starts_with(query, $1) \
             OR state OPERATOR(pg_catalog.=) 'disabled' AND pid OPERATOR(pg_catalog.=) $2 \
             AND (extract(epoch FROM backend_start) OPERATOR(pg_catalog.*) 1000000)::bigint OPERATOR(pg_catalog.=) $3)");
        let Backend { pid, started } = &self.process;
        let rows = client.query(&end, &[&self.text, pid, started]).await.map_err(PostgresError::statement)?;
        Ok(rows.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use test_postgres::Database;
    use tokio_postgres::error::SqlState;
    use tokio_postgres::{Error, NoTls};

    use super::*;

    async fn connect(database: &Database) -> Client {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn marked(client: &Client) -> Mark {
        Mark::new(Backend::of(client).await.unwrap())
    }

    /// Ends until there is nothing to end; how often it took.
    async fn end(mark: &Mark, client: &Client) -> usize {
        let own = marked(client).await;
        let mut times = 0;
        while !mark.end(client, &own).await.unwrap() {
            times += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        times
    }

    fn is_ended<T>(outcome: Result<T, Error>) -> bool {
        outcome.is_err_and(|error| error.is_closed() || error.code() == Some(&SqlState::ADMIN_SHUTDOWN))
    }

    /// What was: by the process that the session began on.
    async fn end_by_process(mark: &Mark, client: &Client) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2 AND usename = current_user";
        client.query(end, &[&mark.process.pid, &mark.process.started]).await.unwrap();
    }

    #[tokio::test]
    async fn a_process_that_a_pooler_gave_to_another_is_left_alone() {
        let database = Database::fresh().unwrap();
        let (lent, other) = (connect(&database).await, connect(&database).await);
        let mark = marked(&lent).await;
        lent.query(&mark.on("SELECT 1"), &[]).await.unwrap();
        // whoever has it next
        lent.query("SELECT 2", &[]).await.unwrap();
        assert_eq!(end(&mark, &other).await, 0);
        lent.query("SELECT 3", &[]).await.unwrap();
        // what this test is for
        end_by_process(&mark, &other).await;
        assert!(is_ended(lent.query("SELECT 4", &[]).await));
    }

    #[tokio::test]
    async fn a_process_that_works_for_a_session_is_ended_whoever_it_began_with() {
        let database = Database::fresh().unwrap();
        let (began, works, other) = (connect(&database).await, connect(&database).await, connect(&database).await);
        let mark = marked(&began).await;
        let sleep = mark.on("SELECT pg_sleep(60)");
        let work = tokio::spawn(async move { works.query(&sleep, &[]).await });
        let at_work = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND starts_with(query, $1)";
        while other.query_one(at_work, &[&mark.text]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(end(&mark, &other).await > 0);
        assert!(is_ended(work.await.unwrap()));
        began.query("SELECT 1", &[]).await.unwrap();
    }

    #[tokio::test]
    async fn a_process_that_waits_for_its_session_is_ended() {
        let database = Database::fresh().unwrap();
        let (own, other) = (connect(&database).await, connect(&database).await);
        let mark = marked(&own).await;
        // the next statement may be on its way to it
        own.prepare(&mark.on("SELECT 1")).await.unwrap();
        assert!(end(&mark, &other).await > 0);
        assert!(is_ended(own.query("SELECT 2", &[]).await));
    }

    #[tokio::test]
    async fn a_server_that_shows_no_statements_ends_the_process_the_session_began_on() {
        let database = Database::fresh().unwrap();
        let (own, next, other) = (connect(&database).await, connect(&database).await, connect(&database).await);
        for client in [&own, &next] {
            client.batch_execute("SET track_activities = off").await.unwrap();
        }
        let mark = marked(&own).await;
        assert!(end(&mark, &other).await > 0);
        assert!(is_ended(own.query("SELECT 1", &[]).await));
        next.query("SELECT 2", &[]).await.unwrap();
    }
}
