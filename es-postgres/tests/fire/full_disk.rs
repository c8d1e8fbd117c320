//! Appends to a full disk, simulated by a small file system in memory where the machine allows mounting one.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::EventStore;
use test_postgres::{Binaries, Database, Server};
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::{
    faults::faulty_store::{Fault, FaultyStore},
    tools::{
        seed::Random,
        trial::{Report, Trial, builder, connect},
    },
};

/// A small file system, unmounted when this is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Mounts it; `None` if the machine does not allow that.
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

    /// Fills it completely.
    fn fill(&self) -> PathBuf {
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
    // A small WAL leaves little space for the server to recycle.
    let settings =
        [("min_wal_size", "32MB"), ("max_wal_size", "32MB"), ("shared_buffers", "16MB"), ("max_connections", "80")];
    Server::start_with(Binaries::find().unwrap(), place, &settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_to_a_full_disk_fail_and_resume_when_there_is_room() {
    let Some(outcome) = fill(None, &mut Random::new("full disk")).await else {
        println!("SKIPPED: this machine does not let the test mount a file system");
        return;
    };
    let report = outcome.unwrap();
    println!("{report}");
    // An append in flight when the server ended is unknown, and a refused one failed.
    assert!(report.failed + report.unknown > 0, "no append failed: {report:?}");
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_acknowledges_appends_to_a_full_disk_is_caught() {
    let Some(outcome) = fill(Some(Fault::GuessesAppended), &mut Random::new("done on a full disk")).await else {
        println!("SKIPPED: this machine does not let the test mount a file system");
        return;
    };
    let caught = outcome.unwrap_err();
    assert!(
        caught.contains("was acknowledged and is not stored") || caught.contains("is not what is stored"),
        "{caught}"
    );
}

/// Fills the disk under a store and makes room again; `None` if the machine does not allow mounting.
async fn fill(fault: Option<Fault>, random: &mut Random) -> Option<Result<Report, String>> {
    let disk = Disk::mount()?;
    let server = Arc::new(start(&disk.0));
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).retry_for(Duration::from_millis(200)).connect().await.unwrap();
    let store: Arc<dyn EventStore> = match fault {
        Some(fault) => Arc::new(FaultyStore::new(store, fault, &url)),
        None => Arc::new(store),
    };
    let trial = Trial::start(&url, vec![store], 4, random);
    trial.wait_for_appends(50).await;
    let filler = disk.fill();
    // A big table needs more space in the table and in the WAL.
    let big_table = tokio::spawn({
        let url = url.clone();
        async move {
            let client = connect(&url).await;
            client.batch_execute("CREATE TABLE big AS SELECT repeat('x', 500) FROM generate_series(1, 200000)").await
        }
    });
    let refused = tokio::time::timeout(Duration::from_mins(1), big_table).await.unwrap().unwrap();
    assert!(refused.is_err(), "the disk is not full");
    let stalled = trial.acknowledged();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    println!("{} appends were acknowledged on the full disk", trial.acknowledged() - stalled);
    fs::remove_file(filler).unwrap();
    // A server that could not write its WAL has shut down.
    let end = Instant::now() + Duration::from_secs(30);
    while tokio_postgres::connect(&url, NoTls).await.is_err() && Instant::now() < end {
        let server = Arc::clone(&server);
        drop(tokio::task::spawn_blocking(move || server.restart()).await.unwrap());
    }
    trial.wait_for_appends(50).await;
    Some(trial.end().await)
}
