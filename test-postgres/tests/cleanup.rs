//! Tests leave nothing behind, however they end.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use test_postgres::{Database, Server};

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_is_removed_after_a_panic() {
    let (sender, receiver) = std::sync::mpsc::channel::<(PathBuf, u16)>();
    let panicked = std::thread::spawn(move || {
        let server = Server::start(&[]).unwrap();
        sender.send((server.data(), server.port())).unwrap();
        panic!("on purpose");
    })
    .join();
    assert!(panicked.is_err());
    let (data, port) = receiver.recv().unwrap();
    assert!(!data.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_server_is_removed_after_its_process_was_killed() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_test-postgres"))
        .args(["sh", "-c", "echo $ES_TEST_POSTGRES_URL; exec sleep 20 >/dev/null"])
        .env_remove("ES_TEST_POSTGRES_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let folder = std::env::temp_dir().join(format!("es-test-postgres-{}-0", process.id()));
    assert!(folder.exists());
    let database = Database::on(url.trim()).unwrap();
    database.run(&["CREATE TABLE t ()"]).unwrap();
    // Kill the whole process group, as a test runner does after a time-out.
    let group = format!("-{}", process.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    process.wait().unwrap();
    wait_until("the folder is still there", || !Path::new(&folder).exists());
    assert!(Database::on(url.trim()).is_err());
}

#[test]
fn a_database_is_dropped_after_its_test_and_another_is_empty() {
    let first = Database::fresh().unwrap();
    first.run(&["CREATE TABLE t ()"]).unwrap();
    let second = Database::fresh().unwrap();
    assert_ne!(first.url(), second.url());
    second.run(&["CREATE TABLE t ()"]).unwrap();
    let url = first.url();
    drop(first);
    let dropped = Database::on(&url);
    assert!(dropped.is_err(), "the database still accepts connections");
}

#[test]
fn a_killed_server_restarts_with_the_data_it_acknowledged() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    database.run(&["CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)"]).unwrap();
    server.kill().unwrap();
    server.restart().unwrap();
    database.run(&["DO $$ BEGIN ASSERT (SELECT count(*) = 1 FROM t); END $$"]).unwrap();
}
