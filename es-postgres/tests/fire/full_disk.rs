//! A disk that is full, on a small file system in memory, where the machine allows to mount one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::EventStore;
use test_postgres::{Binaries, Database, Server};
use uuid::Uuid;

use crate::faults::broken::{Broken, Fault};
use crate::tools::seed::Chance;
use crate::tools::trial::{Report, Trial, builder, connect};

/// A small file system, unmounted when this is dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` where one may not mount.
    fn mount() -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("es-full-disk-{}-{}", std::process::id(), Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs"]).arg(&folder).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        fs::remove_dir(&folder).unwrap();
        None
    }

    /// Fills it until nothing fits any more.
    fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.0.join("filler");
        let mut file = fs::File::create(&path).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
        drop(fs::remove_dir(&self.0));
    }
}

fn start(place: &Path) -> Server {
    // little is written ahead, so that little has to be freed
    let settings =
        [("min_wal_size", "32MB"), ("max_wal_size", "32MB"), ("shared_buffers", "16MB"), ("max_connections", "80")];
    Server::start_with(Binaries::find().unwrap(), place, &settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_to_a_full_disk_fail_and_go_on_when_there_is_room() {
    let Some(outcome) = fill(None, &mut Chance::new("full disk")).await else {
        println!("SKIPPED: this machine does not let the test mount a file system");
        return;
    };
    let report = outcome.unwrap();
    println!("{report}");
    // an append that was on its way when the server ended is unknown, one that was refused failed
    assert!(report.failed + report.unknown > 0, "nobody noticed: {report:?}");
}

/// What the test above is for: a store that does not say that it could not append.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_calls_appends_to_a_full_disk_done_is_caught() {
    let Some(outcome) = fill(Some(Fault::GuessesDone), &mut Chance::new("done on a full disk")).await else {
        println!("SKIPPED: this machine does not let the test mount a file system");
        return;
    };
    let caught = outcome.unwrap_err();
    assert!(
        caught.contains("was acknowledged and is not stored") || caught.contains("is not what is stored"),
        "{caught}"
    );
}

/// Fills the disk under a store and makes room again; `None` where one may not mount.
async fn fill(fault: Option<Fault>, chance: &mut Chance) -> Option<Result<Report, String>> {
    let disk = Disk::mount()?;
    let server = Arc::new(start(&disk.0));
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).retry_for(Duration::from_millis(200)).connect().await.unwrap();
    let store: Arc<dyn EventStore> = match fault {
        Some(fault) => Arc::new(Broken::new(store, fault, &url)),
        None => Arc::new(store),
    };
    let trial = Trial::start(&url, vec![store], 4, chance);
    trial.goes_on(50).await;
    let filler = disk.fill();
    // big tables need room at once, and so does the log written ahead
    let hungry = tokio::spawn({
        let url = url.clone();
        async move {
            let client = connect(&url).await;
            client.batch_execute("CREATE TABLE hungry AS SELECT repeat('x', 500) FROM generate_series(1, 200000)").await
        }
    });
    let refused = tokio::time::timeout(Duration::from_mins(1), hungry).await.unwrap().unwrap();
    assert!(refused.is_err(), "the disk is not full");
    let stalled = trial.acknowledged();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    println!("{} appends were acknowledged on the full disk", trial.acknowledged() - stalled);
    fs::remove_file(filler).unwrap();
    // a server that could not write its log has ended by itself
    let end = Instant::now() + Duration::from_secs(30);
    while tokio_postgres::connect(&url, tokio_postgres::NoTls).await.is_err() && Instant::now() < end {
        let server = Arc::clone(&server);
        drop(tokio::task::spawn_blocking(move || server.restart()).await.unwrap());
    }
    trial.goes_on(50).await;
    Some(trial.end().await)
}
