//! Measures the peak of the memory of this process.

use std::{fs, time::Duration};

use crate::BrokenPromise;

/// Resets the peak, where the system can, and gives the peak from which growth is measured; `None` where the peak is not
/// known.
pub(crate) fn reset() -> Result<Option<u64>, BrokenPromise> {
    if cfg!(not(target_os = "linux")) {
        return Ok(None);
    }
    // 5 resets the peak. A system that refuses keeps the old peak, and growth is measured from that.
    drop(fs::write("/proc/self/clear_refs", "5"));
    bytes().map(Some)
}

/// Waits until the peak has not grown for one `pause`, at most for 50 of them.
pub(crate) async fn wait_until_stable(pause: Duration) -> Result<(), BrokenPromise> {
    let mut before = None;
    for _ in 0..50 {
        tokio::time::sleep(pause).await;
        let now = if cfg!(target_os = "linux") { Some(bytes()?) } else { None };
        if now == before {
            break;
        }
        before = now;
    }
    Ok(())
}

/// `what` is broken if the peak has grown by `limit` or more since `before`.
pub(crate) fn ensure_growth_below(what: &str, before: Option<u64>, limit: u64) -> Result<(), BrokenPromise> {
    let Some(before) = before else { return Ok(()) };
    let growth = bytes()?.saturating_sub(before);
    if growth < limit {
        return Ok(());
    }
    let mib = |bytes: u64| bytes / 1024 / 1024;
    Err(BrokenPromise::new(format!("{what} takes less than {} MiB", mib(limit)), format!("{} MiB more", mib(growth))))
}

fn bytes() -> Result<u64, BrokenPromise> {
    let unknown = |seen: String| BrokenPromise::new("the peak of memory is known", seen);
    let status = fs::read_to_string("/proc/self/status").map_err(|error| unknown(error.to_string()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.map(|kilobytes: u64| kilobytes * 1024).ok_or_else(|| unknown(status))
}
