//! A database for each test.

use std::{
    env,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio_postgres::NoTls;

use crate::{Server, ServerError};

/// A database for one test. It is dropped with this value, also when the test panics.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    roles: Vec<String>,
}

impl Database {
    /// Creates an empty database on the server of `ES_TEST_POSTGRES_URL`, or else on this process's private server.
    ///
    /// # Errors
    /// [`ServerError`] when there is no server.
    pub fn fresh() -> Result<Self, ServerError> {
        Self::on(&shared()?)
    }

    /// Creates an empty database on the server at this URL.
    ///
    /// # Errors
    /// [`ServerError`] when the server does not answer.
    pub fn on(server: &str) -> Result<Self, ServerError> {
        let name = fresh_name();
        run(server, &[&format!("CREATE DATABASE {name} TEMPLATE template0")])?;
        Ok(Self { server: server.to_owned(), name, roles: Vec::new() })
    }

    /// Returns the URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        let (before, parameters) =
            self.server.split_once('?').map_or((self.server.as_str(), None), |(b, p)| (b, Some(p)));
        let host = before.find("://").and_then(|at| before[at + 3..].find('/').map(|end| &before[..at + 3 + end]));
        let base = format!("{}/{}", host.unwrap_or(before), self.name);
        parameters.map_or(base.clone(), |parameters| format!("{base}?{parameters}"))
    }

    /// Returns the URL of the database for another role, which needs no password.
    #[must_use]
    pub fn url_as(&self, role: &str) -> String {
        let url = self.url();
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", &url));
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{role}@{host}")
    }

    /// Drops this role after the database: roles belong to the whole server.
    pub fn drop_role(&mut self, role: impl Into<String>) {
        self.roles.push(role.into());
    }

    /// Returns the name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in the database, one after another.
    ///
    /// # Errors
    /// [`ServerError::Unreachable`] when the server does not answer or rejects a statement.
    pub fn run(&self, statements: &[&str]) -> Result<(), ServerError> {
        run(&self.url(), statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Errors are ignored: a server that has ended needs no cleaning up.
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // `local` does not wait for a synchronous standby that a test has configured but not started.
        drop(run(&self.server, &["SET synchronous_commit = local", &statement]));
        for role in &self.roles {
            drop(run(&self.server, &[&format!("DROP ROLE IF EXISTS \"{role}\"")]));
        }
    }
}

/// Returns the URL of the server that all tests of this process share.
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

/// Runs statements on a separate thread, because the caller may already be inside a runtime.
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
    let unreachable = |source| ServerError::Unreachable { url: url.to_owned(), source };
    match threaded {
        Ok(outcome) => outcome?.map_err(unreachable),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
