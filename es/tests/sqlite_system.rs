//! The SQLite of the system: the store works with it, or refuses it because it is too old. `./test` runs this where the system
//! has its development files.

#![cfg(all(feature = "sqlite-system", not(feature = "sqlite")))]

use es::{SqliteStore, StoreErrorKind, sqlite::SqliteOpenError};

#[tokio::test]
async fn a_library_that_is_too_old_is_refused_before_a_file_is_made() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bank.db");
    let version = es::sqlite::rusqlite::version();
    let parts: Vec<u32> = version.split('.').map(str::parse).collect::<Result<_, _>>()?;
    if parts >= vec![3, 51, 3] {
        SqliteStore::open(&path).await?;
        return Ok(());
    }
    let refused = SqliteStore::open(&path).await.expect_err(version);
    assert!(matches!(refused, SqliteOpenError::LibraryTooOld { found } if found == version), "{refused:?}");
    assert_eq!(refused.kind(), StoreErrorKind::Misconfigured);
    let text = refused.to_string();
    assert!(text.contains(version) && text.contains("3.51.3") && text.contains("feature"), "{text}");
    assert!(!path.exists());
    Ok(())
}
