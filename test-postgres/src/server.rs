//! A private cluster: creates, starts, kills, restarts and removes it.

use std::{
    env, fs,
    io::Write,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use crate::{Binaries, ServerError, user::User};

/// The settings of every cluster: durable, as in production.
const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("max_connections", "300"),
    ("max_prepared_transactions", "64"),
    ("shared_buffers", "256MB"),
    ("listen_addresses", "127.0.0.1"),
    ("logging_collector", "off"),
];

/// Stops the server and removes its folder when its standard input ends.
const WATCHDOG: &str = r#"cat >/dev/null; "$1" -D "$2/data" -m immediate -w -t 20 stop; rm -rf "$2""#;

/// A private cluster. It is stopped and removed when this value is dropped or the process ends.
#[derive(Debug)]
pub struct Server {
    binaries: Binaries,
    user: User,
    folder: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    watchdog: Child,
}

impl Server {
    /// Creates and starts a cluster. `settings` override the defaults, such as `fsync = on`.
    ///
    /// # Errors
    /// [`ServerError`] when PostgreSQL is not installed or does not start.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self, ServerError> {
        Self::start_with(Binaries::find()?, &env::temp_dir(), settings)
    }

    /// Creates and starts a cluster with these binaries, in a new folder inside `parent`.
    ///
    /// # Errors
    /// [`ServerError`] when it does not start.
    pub fn start_with(binaries: Binaries, parent: &Path, settings: &[(&str, &str)]) -> Result<Self, ServerError> {
        let user = User::find()?;
        let folder = fresh_folder(parent)?;
        user.own(&folder)?;
        let mut watchdog = Command::new("sh");
        watchdog
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(binaries.program("pg_ctl"))
            .arg(&folder)
            .env("LD_LIBRARY_PATH", binaries.library_folder())
            .current_dir("/")
            // A terminal or a test runner kills the whole process group; the watchdog must survive that.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let watchdog = user.run(&mut watchdog).spawn().map_err(ServerError::io("start the watchdog"))?;
        let settings = SETTINGS.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut server = Self { binaries, user, folder, port: 0, settings, watchdog };
        server.initdb()?;
        server.boot()?;
        Ok(server)
    }

    /// Returns the URL of the database `postgres`, as the superuser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the data folder, with `postgresql.conf`, `pg_hba.conf` and the files for TLS.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Writes a file into the data folder that only the server's user can read.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub fn write_file(&self, name: &str, content: &[u8]) -> Result<(), ServerError> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.data().join(name);
        fs::write(&path, content).map_err(ServerError::io("write a file of the cluster"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(ServerError::io("chmod"))?;
        self.user.own(&path)
    }

    /// Kills the server without a checkpoint, as a crash does.
    ///
    /// # Errors
    /// [`ServerError::Program`].
    pub fn kill(&self) -> Result<(), ServerError> {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).map_err(ServerError::io("read the pid"))?;
        let pid = pid.lines().next().unwrap_or_default().trim().to_owned();
        checked(Command::new("kill").args(["-KILL", &pid]), "kill")?;
        // The backends end on their own when the postmaster is gone; `restart` waits for them.
        let deadline = Instant::now() + Duration::from_secs(20);
        while is_running(&pid) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Starts a killed or stopped server again, on the same port.
    ///
    /// # Errors
    /// [`ServerError::Program`].
    pub fn restart(&self) -> Result<(), ServerError> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            // Backends of a killed server hold its shared memory for a moment.
            match self.pg_ctl(&["-w", "-t", "30", "-l", &self.log(), "start"]) {
                Err(ServerError::Program { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                done => return done,
            }
        }
    }

    /// Runs a program of PostgreSQL as the server's user, and returns its output.
    ///
    /// # Errors
    /// [`ServerError::Program`].
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<Vec<u8>, ServerError> {
        let mut command = Command::new(self.binaries.program(program));
        command.args(arguments).env("LD_LIBRARY_PATH", self.binaries.library_folder()).current_dir("/");
        Ok(checked(self.user.run(&mut command), program)?.stdout)
    }

    fn initdb(&self) -> Result<(), ServerError> {
        let data = self.data();
        let data = data.to_string_lossy();
        let how = ["--locale=C", "--encoding=UTF8", "--auth=trust", "--username=postgres", "--no-sync", "-D"];
        self.run("initdb", &[&how[..], &[&data]].concat())?;
        Ok(())
    }

    fn boot(&mut self) -> Result<(), ServerError> {
        let mut last = None;
        // Another process may take the port before the server starts.
        for _ in 0..5 {
            self.port = free_port()?;
            let port =
                [("port".to_owned(), self.port.to_string()), ("unix_socket_directories".to_owned(), String::new())];
            let lines: Vec<String> = port
                .iter()
                .chain(&self.settings)
                .map(|(key, value)| format!("{key} = '{}'\n", value.replace('\'', "''")))
                .collect();
            self.write_file("postgresql.auto.conf", lines.concat().as_bytes())?;
            match self.pg_ctl(&["-w", "-t", "60", "-l", &self.log(), "start"]) {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(ServerError::NotInstalled))
    }

    fn log(&self) -> String {
        self.folder.join("log").to_string_lossy().into_owned()
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<(), ServerError> {
        let mut command = Command::new(self.binaries.program("pg_ctl"));
        command
            .arg("-D")
            .arg(self.data())
            .args(arguments)
            .env("LD_LIBRARY_PATH", self.binaries.library_folder())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = self.user.run(&mut command).status().map_err(ServerError::io("run pg_ctl"))?;
        if status.success() {
            return Ok(());
        }
        let output = fs::read_to_string(self.log()).unwrap_or_else(|_| "it wrote no log".to_owned());
        Err(ServerError::Program { program: "pg_ctl start".to_owned(), output })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.watchdog.stdin.take() {
            // An error means that the watchdog has already ended.
            drop(pipe.flush());
        }
        drop(self.watchdog.wait());
    }
}

/// Whether the process is running. A zombie, which its parent has not reaped yet, is not.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    // The state follows the name, which is in parentheses and may contain any character.
    stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

fn fresh_folder(parent: &Path) -> Result<PathBuf, ServerError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = parent.join(format!("es-test-postgres-{}-{number}", std::process::id()));
    fs::create_dir(&folder).map_err(ServerError::io("make a folder for the cluster"))?;
    Ok(folder)
}

fn free_port() -> Result<u16, ServerError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(ServerError::io("find a free port"))?;
    Ok(listener.local_addr().map_err(ServerError::io("find a free port"))?.port())
}

fn checked(command: &mut Command, program: &str) -> Result<Output, ServerError> {
    let output = command.stdin(Stdio::null()).output().map_err(ServerError::io(format!("run {program}")))?;
    if output.status.success() {
        return Ok(output);
    }
    let text = [output.stdout, output.stderr].concat();
    Err(ServerError::Program { program: program.to_owned(), output: String::from_utf8_lossy(&text).into_owned() })
}
