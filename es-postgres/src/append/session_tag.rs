//! The tag of a session that appends: a comment in its statements, by which the backend that runs one of them is found.
//!
//! The process id of the session's first backend is not enough: a pooler such as pgbouncer gives each transaction another
//! backend, and lends the first one to another client.

use tokio_postgres::Client;
use uuid::Uuid;

use crate::server::{connection::Backend, error::PostgresError};

/// A comment at the beginning of each statement that a session sends after its set-up.
#[derive(Debug, Clone)]
pub(crate) struct SessionTag {
    text: String,
    /// The backend that the session began on, for a server that does not show the statements of its backends.
    backend: Backend,
}

impl SessionTag {
    /// Makes a unique tag.
    pub(crate) fn new(backend: Backend) -> Self {
        Self { text: format!("/* es {} */", Uuid::now_v7().simple()), backend }
    }

    /// Makes `sql` a statement of the session.
    pub(crate) fn prepend_to(&self, sql: &str) -> String {
        format!("{} {sql}", self.text)
    }

    /// Terminates the backend whose last statement has this tag, even when it is idle: another statement may be on its way
    /// to it. Returns true when there is no such backend. Runs over `client`, whose tag is `own`.
    pub(crate) async fn terminate_backend(&self, client: &Client, own: &Self) -> Result<bool, PostgresError> {
        // Tagged as well: the backend shows this statement until the session's next append reaches it.
        let terminate = own.prepend_to(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE usename OPERATOR(pg_catalog.=) current_user AND (pg_catalog.starts_with(query, $1) \
             OR state OPERATOR(pg_catalog.=) 'disabled' AND pid OPERATOR(pg_catalog.=) $2 \
             AND (extract(epoch FROM backend_start) OPERATOR(pg_catalog.*) 1000000)::bigint OPERATOR(pg_catalog.=) $3)",
        );
        let Backend { pid, started } = &self.backend;
        let rows = client.query(&terminate, &[&self.text, pid, started]).await.map_err(PostgresError::statement)?;
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

    async fn tagged(client: &Client) -> SessionTag {
        SessionTag::new(Backend::of(client).await.unwrap())
    }

    /// Terminates backends with the tag until there is none; returns the number of attempts.
    async fn terminate_all(tag: &SessionTag, client: &Client) -> usize {
        let own = tagged(client).await;
        let mut times = 0;
        while !tag.terminate_backend(client, &own).await.unwrap() {
            times += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        times
    }

    fn is_terminated<T>(outcome: Result<T, Error>) -> bool {
        outcome.is_err_and(|error| error.is_closed() || error.code() == Some(&SqlState::ADMIN_SHUTDOWN))
    }

    /// The wrong way: terminates the backend that the session began on.
    async fn terminate_first_backend(tag: &SessionTag, client: &Client) {
        let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2 AND usename = current_user";
        client.query(terminate, &[&tag.backend.pid, &tag.backend.started]).await.unwrap();
    }

    #[tokio::test]
    async fn a_backend_that_a_pooler_lent_to_another_client_is_not_terminated() {
        let database = Database::fresh().unwrap();
        let (lent, other) = (connect(&database).await, connect(&database).await);
        let tag = tagged(&lent).await;
        lent.query(&tag.prepend_to("SELECT 1"), &[]).await.unwrap();
        // A statement of the next client of this backend.
        lent.query("SELECT 2", &[]).await.unwrap();
        assert_eq!(terminate_all(&tag, &other).await, 0);
        lent.query("SELECT 3", &[]).await.unwrap();
        // The wrong way is caught.
        terminate_first_backend(&tag, &other).await;
        assert!(is_terminated(lent.query("SELECT 4", &[]).await));
    }

    #[tokio::test]
    async fn a_backend_that_runs_a_statement_of_the_session_is_terminated() {
        let database = Database::fresh().unwrap();
        let (began, works, other) = (connect(&database).await, connect(&database).await, connect(&database).await);
        let tag = tagged(&began).await;
        let sleep = tag.prepend_to("SELECT pg_sleep(60)");
        let work = tokio::spawn(async move { works.query(&sleep, &[]).await });
        let at_work = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND starts_with(query, $1)";
        while other.query_one(at_work, &[&tag.text]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(terminate_all(&tag, &other).await > 0);
        assert!(is_terminated(work.await.unwrap()));
        began.query("SELECT 1", &[]).await.unwrap();
    }

    #[tokio::test]
    async fn an_idle_backend_of_the_session_is_terminated() {
        let database = Database::fresh().unwrap();
        let (own, other) = (connect(&database).await, connect(&database).await);
        let tag = tagged(&own).await;
        // The next statement may be on its way to it.
        own.prepare(&tag.prepend_to("SELECT 1")).await.unwrap();
        assert!(terminate_all(&tag, &other).await > 0);
        assert!(is_terminated(own.query("SELECT 2", &[]).await));
    }

    #[tokio::test]
    async fn where_the_server_shows_no_statements_the_first_backend_is_terminated() {
        let database = Database::fresh().unwrap();
        let (own, next, other) = (connect(&database).await, connect(&database).await, connect(&database).await);
        for client in [&own, &next] {
            client.batch_execute("SET track_activities = off").await.unwrap();
        }
        let tag = tagged(&own).await;
        assert!(terminate_all(&tag, &other).await > 0);
        assert!(is_terminated(own.query("SELECT 1", &[]).await));
        next.query("SELECT 2", &[]).await.unwrap();
    }
}
