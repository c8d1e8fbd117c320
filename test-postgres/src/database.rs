//! One database a test.

use std::env;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use tokio_postgres::NoTls;

use crate::{Server, ServerError};

/// A database of its own for one test, dropped with this value, also when the test panics.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    roles: Vec<String>,
}

impl Database {
    /// A new, empty database on the server of `ES_TEST_POSTGRES_URL`, or else on this process's private one.
    ///
    /// # Errors
    /// [`ServerError`] when there is no server.
    pub fn fresh() -> Result<Self, ServerError> {
        Self::on(&shared()?)
    }

    /// A new, empty database on the server that this URL names.
    ///
    /// # Errors
    /// [`ServerError`] when it does not answer.
    pub fn on(server: &str) -> Result<Self, ServerError> {
        let name = fresh_name();
        run(server, &[&format!("CREATE DATABASE {name} TEMPLATE template0")])?;
        Ok(Self { server: server.to_owned(), name, roles: Vec::new() })
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        let (before, parameters) =
            self.server.split_once('?').map_or((self.server.as_str(), None), |(b, p)| (b, Some(p)));
        let host = before.find("://").and_then(|at| before[at + 3..].find('/').map(|end| &before[..at + 3 + end]));
        let base = format!("{}/{}", host.unwrap_or(before), self.name);
        parameters.map_or(base.clone(), |parameters| format!("{base}?{parameters}"))
    }

    /// The URL of the database for another role, which needs no password.
    #[must_use]
    pub fn url_as(&self, role: &str) -> String {
        let url = self.url();
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", &url));
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{role}@{host}")
    }

    /// Drops this role, too, which belongs to the whole server, when the database is gone.
    pub fn drop_role(&mut self, role: impl Into<String>) {
        self.roles.push(role.into());
    }

    /// The name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in the database, one after the other.
    ///
    /// # Errors
    /// [`ServerError::Silent`] with what the server said.
    pub fn run(&self, statements: &[&str]) -> Result<(), ServerError> {
        run(&self.url(), statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // nothing is left to be done about a server that is gone
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // nor does it wait for a standby that a test has named and nobody runs
        drop(run(&self.server, &["SET synchronous_commit = local", &statement]));
        for role in &self.roles {
            drop(run(&self.server, &[&format!("DROP ROLE IF EXISTS \"{role}\"")]));
        }
    }
}

/// The URL of the server all tests of this process share.
fn shared() -> Result<String, ServerError> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    if let Ok(url) = env::var("ES_TEST_POSTGRES_URL") {
        return Ok(url);
    }
    match SERVER.get_or_init(|| Server::start(&[]).map_err(|error| error.to_string())) {
        Ok(server) => Ok(server.url()),
        Err(output) => Err(ServerError::Program { program: "the shared server".to_owned(), output: output.clone() }),
    }
}

fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("es_{:x}_{:x}_{number}", since.as_micros(), std::process::id())
}

/// Runs statements on a thread of its own: the caller may stand inside a runtime.
fn run(url: &str, statements: &[&str]) -> Result<(), ServerError> {
    let work = async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let drive = tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await?;
        }
        drop(client);
        drop(tokio::time::timeout(Duration::from_secs(5), drive).await);
        Ok(())
    };
    let threaded = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(ServerError::io("start a runtime")).map(|runtime| runtime.block_on(work))
        });
        thread.join()
    });
    let silent = |source| ServerError::Silent { url: url.to_owned(), source };
    match threaded {
        Ok(outcome) => outcome?.map_err(silent),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
