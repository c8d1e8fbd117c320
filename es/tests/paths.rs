//! The macros find the crate that reexports them: each crate in the folder `paths` depends on them in another way and is checked
//! with every warning denied.

use std::{env, fs, io, path::Path, process::Command};

#[test]
fn the_macros_find_the_crate_that_reexports_them() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.parent().expect("`es` lies in the workspace");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("paths");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    copy_with_paths(&here.join("tests/paths"), &copy, workspace)?;
    fs::copy(workspace.join("Cargo.lock"), copy.join("Cargo.lock"))?;

    let cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--workspace", "--all-targets", "--offline", "--quiet", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("paths-target"))
        .current_dir(&copy)
        .output()?;
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    Ok(())
}

fn copy_with_paths(from: &Path, to: &Path, workspace: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_with_paths(&entry.path(), &target, workspace)?;
        } else {
            let text = fs::read_to_string(entry.path())?;
            fs::write(target, text.replace("{workspace}", &workspace.display().to_string()))?;
        }
    }
    Ok(())
}
