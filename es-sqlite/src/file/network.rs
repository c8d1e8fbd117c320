//! Refuses network file systems.

use std::path::Path;

use crate::file::error::SqliteOpenError;

/// Fails when the file is on a network file system. SQLite needs locks and shared memory that all programs see, and two
/// computers share neither.
#[cfg(target_os = "linux")]
pub(crate) fn check(path: &Path) -> Result<(), SqliteOpenError> {
    let found = rustix::fs::statfs(path)
        .map_err(|error| SqliteOpenError::Io { path: path.to_owned(), source: error.into() })?;
    match name(u64::try_from(found.f_type).unwrap_or_default()) {
        Some(file_system) => Err(SqliteOpenError::NetworkFileSystem { path: path.to_owned(), file_system }),
        None => Ok(()),
    }
}

/// On other systems the numbers of file systems differ.
#[cfg(not(target_os = "linux"))]
pub(crate) fn check(_: &Path) -> Result<(), SqliteOpenError> {
    Ok(())
}

/// The name of a network file system by its number, as `man 2 statfs` lists them.
#[cfg(target_os = "linux")]
fn name(number: u64) -> Option<&'static str> {
    // The number is signed on some computers.
    match number & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x517b => Some("SMB"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x7461_636f => Some("OCFS2"),
        0x0116_1970 => Some("GFS2"),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(name(0x6969), Some("NFS"));
        assert_eq!(name(0xffff_ffff_ff53_4d42), Some("CIFS"), "sign-extended");
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994] {
            assert_eq!(name(local), None, "ext4, XFS, Btrfs, tmpfs");
        }
    }

    #[test]
    fn a_local_file_is_accepted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        check(file.path()).unwrap();
    }
}
