//! The connections for transactions of projections: few, opened when they are needed, and each for one transaction at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    server::{
        connection::{Connection, Connector, LONGEST},
        error::{PostgresError, root_cause},
        schema_name::SchemaName,
    },
    table::session::Session,
};

/// How much longer than the server's time-out the store waits for an answer, and how long for one to ROLLBACK.
const GRACE: Duration = Duration::from_secs(5);

/// The connections of one store.
#[derive(Debug)]
pub(crate) struct Sessions {
    connector: Connector,
    /// The runtime in which the store was opened, so that a connection outlives that of the projections.
    runtime: Handle,
    pub(super) schema: SchemaName,
    pub(super) claim: String,
    pub(super) advance: String,
    idle: Mutex<Vec<Session>>,
    permits: Arc<Semaphore>,
}

/// A connection that is lent. It is closed unless it is given back.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) session: Session,
    permit: OwnedSemaphorePermit,
}

impl Lent {
    async fn roll_back(&self) -> Result<(), PostgresError> {
        let answer = timeout(GRACE, self.session.client.batch_execute("ROLLBACK")).await;
        answer.map_or(Err(PostgresError::Silent(GRACE)), |answer| answer.map_err(PostgresError::statement))
    }
}

impl Sessions {
    /// At most `count` connections.
    pub(crate) fn new(connector: Connector, schema: SchemaName, count: usize) -> Self {
        Self {
            connector,
            runtime: Handle::current(),
            claim: schema.render(include_str!("../read_model/claim.sql")),
            advance: schema.render(include_str!("../read_model/advance.sql")),
            schema,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(count)),
        }
    }

    /// Waits for a connection that no other transaction uses.
    pub(super) async fn lend(&self) -> Result<Lent, PostgresError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| PostgresError::Closed)?;
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|session| !session.client.is_closed());
            idle.pop()
        };
        let session = match idle {
            Some(session) => session,
            None => Session::new(self.open().await?),
        };
        Ok(Lent { session, permit })
    }

    async fn open(&self) -> Result<Connection, PostgresError> {
        let connector = self.connector.clone();
        let opened = self.runtime.spawn(async move { connector.open_for_application().await });
        // The task is cancelled only when its runtime ends.
        opened.await.unwrap_or(Err(PostgresError::Closed))
    }

    /// Takes a connection back on which no transaction is open.
    pub(super) fn give_back(&self, lent: Lent) {
        let Lent { session, permit } = lent;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        drop(permit);
    }

    /// Rolls back a transaction that failed. If the server does not do so, the connection is closed.
    pub(super) async fn roll_back(&self, lent: Lent) {
        match lent.roll_back().await {
            Ok(()) => self.give_back(lent),
            Err(error) => {
                tracing::debug!(error = %root_cause(&error), "a transaction of a projection was not rolled back; its connection is closed");
            }
        }
    }

    /// Ends the statement that runs, and the transaction with it.
    ///
    /// # Errors
    /// The server did not answer.
    pub(super) async fn end_statement(&self, lent: &Lent) -> Result<(), PostgresError> {
        let token = lent.session.client.cancel_token();
        match timeout(GRACE, self.connector.tls.cancel(&token)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a statement of a projection was not cancelled"),
            Err(_) => tracing::debug!("a statement of a projection was not cancelled in time"),
        }
        lent.roll_back().await
    }

    /// Waits for an answer at most as long as the server takes for a statement, and a little longer.
    pub(super) async fn answered<T, E: From<PostgresError>>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let statement = self.connector.statement_timeout;
        if statement.is_zero() {
            return answer.await;
        }
        let limit = statement + GRACE;
        timeout(limit, answer).await.unwrap_or_else(|_| Err(PostgresError::Silent(limit).into()))
    }
}

/// The statements that begin a transaction whose parts may take as long as `part`, with this search path.
pub(super) fn begin(search_path: &str, part: Duration) -> String {
    // The server ends a session whose owner is gone, and no earlier than the store ends a part.
    let idle = part.saturating_add(GRACE * 2).min(LONGEST).as_millis();
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL search_path = {search_path}; \
         SET LOCAL idle_in_transaction_session_timeout = {idle}"
    )
}
