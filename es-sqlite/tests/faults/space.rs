//! The disk is full. What becomes of a commit that fails is unknown, and the store recovers by itself.

use std::{fs, process::Command};

use crate::{
    child::Process,
    log::{Files, assert_holds, open},
};

/// Appends until a commit fails, makes room, and asserts that the store goes on by itself with all that it acknowledged. Gives
/// how many events the log holds then.
fn fill_and_recover(child: &mut Process, make_room: impl FnOnce(&Process)) -> usize {
    child.tell("open");
    child.tell("append 0 10");
    let append = |child: &mut Process, number: usize| child.ask(&format!("append {number} {}", number + 1));
    let mut first = 10;
    let failed = loop {
        let answer = append(child, first);
        if answer.starts_with("error") {
            break answer;
        }
        first += 1;
        assert!(first < 10_000, "the disk is never full");
    };
    assert!(failed.contains("Unknown"), "a commit that fails: {failed}");
    for _ in 0..5 {
        let answer = append(child, first);
        assert!(answer.starts_with("error"), "the disk is still full: {answer}");
    }
    // More than the cache of the connection, so that it is written before it is committed.
    let answer = child.ask("append-large 8");
    assert!(answer.starts_with("error: Store"), "nothing of it was appended: {answer}");
    assert_eq!(child.ask("read"), format!("ok {first}"), "what was acknowledged can be read");

    make_room(child);
    // The request whose outcome was unknown is sent again.
    child.tell(&format!("append {first} {}", first + 100));
    assert_eq!(child.ask("verify"), "ok []");
    assert_eq!(child.ask("read"), format!("ok {}", first + 100));
    first + 100
}

/// A limit on the size of files makes each write fail that goes above it, and needs no rights.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_files_cannot_grow_recovers_when_they_can() {
    let files = Files::new();
    // In blocks of 512 bytes.
    let shell = r#"trap '' XFSZ; ulimit -S -f 3000; exec "$0" "$@""#;
    let mut child = Process::start_by(&["sh", "-c", shell], &files.log());
    let count = fill_and_recover(&mut child, |child| {
        let made_room = Command::new("prlimit").args(["--pid", &child.id().to_string(), "--fsize=unlimited"]).status();
        assert!(made_room.unwrap().success());
    });
    child.kill();
    assert_holds(&open(files.log()).await, count).await;
}

/// A small file system in memory, which the child alone sees, where the system allows that.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_a_full_disk_recovers_when_there_is_room() {
    let files = Files::new();
    let disk = files.named("disk");
    fs::create_dir(&disk).unwrap();
    let mount = format!("mount -t tmpfs -o size=9m,mode=0700 none '{}'", disk.display());
    let namespace = ["unshare", "--mount", "--map-root-user"];
    let allowed = Command::new(namespace[0]).args(&namespace[1..]).args(["sh", "-c", &mount]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: this system allows no mount; the limit on the size of files is tested all the same");
        return;
    }
    let ballast = disk.join("ballast");
    let shell = format!("{mount} && head -c 8000k /dev/zero > '{}' && exec \"$0\" \"$@\"", ballast.display());
    let launcher: Vec<_> = namespace.into_iter().chain(["sh", "-c", &shell]).collect();
    let path = disk.join("log.db");
    let mut child = Process::start_by(&launcher, &path);
    let as_seen_by = |child: &Process, path: &std::path::Path| format!("/proc/{}/root{}", child.id(), path.display());
    let count = fill_and_recover(&mut child, |child| fs::remove_file(as_seen_by(child, &ballast)).unwrap());
    child.tell("close");
    fs::copy(as_seen_by(&child, &path), files.log()).unwrap();
    child.kill();
    assert_holds(&open(files.log()).await, count).await;
}
