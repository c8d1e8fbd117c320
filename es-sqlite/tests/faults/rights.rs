//! Who may read the log: its owner alone, unless the owner says otherwise.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use crate::{
    child::Process,
    log::{Files, append, open},
};

/// The file itself and all that stand beside it.
const ALL: [&str; 4] = ["", "-wal", "-shm", "-lock"];

fn rights(files: &Files) -> Vec<u32> {
    ALL.iter().map(|suffix| fs::metadata(files.beside(suffix)).unwrap().permissions().mode() & 0o7777).collect()
}

#[test]
fn a_new_log_is_its_owners_alone_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let files = Files::new();
        let shell = format!("umask {umask}; exec \"$0\" \"$@\"");
        let mut child = Process::start_by(&["sh", "-c", &shell], &files.log());
        child.tell("open");
        child.tell("append 0 3");
        assert_eq!(rights(&files), [0o600; 4], "with umask {umask}");
        child.tell(&format!("backup {}", files.named("backup.db").display()));
        let backup = fs::metadata(files.named("backup.db")).unwrap().permissions().mode();
        assert_eq!(backup & 0o7777, 0o600);
    }
}

/// Otherwise the group could open the file and not its lock.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_beside_the_file_has_the_rights_that_its_owner_gave_it() {
    let files = Files::new();
    fs::write(files.log(), "").unwrap();
    fs::set_permissions(files.log(), Permissions::from_mode(0o660)).unwrap();
    let store = open(files.log()).await;
    append(&store, 0..3).await;
    assert_eq!(rights(&files), [0o660; 4]);
}
