//! Reminds of an aggregate that the package's lock does not hold.

use crate::schema::{Lock, Update};

/// Fails while the package under test has an `events.lock` without the streams of `category`. An aggregate in a module
/// of tests is somebody's example.
///
/// # Panics
/// To remind of it.
#[track_caller]
pub fn remind_of_lock(aggregate: &str, category: &str, module: &str) {
    // on the way to the test that writes it
    let is_being_written = Update::asked().is_ok_and(|update| update != Update::Nothing);
    if !is_being_written {
        remind(&Lock::new("events.lock"), aggregate, category, module);
    }
}

#[track_caller]
fn remind(lock: &Lock, aggregate: &str, category: &str, module: &str) {
    if module.split("::").any(|module| matches!(module, "test" | "tests")) {
        return;
    }
    assert!(
        !lock.lacks(category),
        "\n\n`events.lock` does not hold stream `{category}`, so nothing holds the events of `{aggregate}` to their \
         shapes\n    name it where the lock is checked:  es::schema::lock!(…, {aggregate});\n    \
         and write it:  UPDATE_EVENTS_LOCK=1 cargo test\n\n"
    );
}

#[cfg(test)]
mod tests {
    use std::{env, fs, panic, path::PathBuf, process};

    use super::*;

    /// Whether it reminds of an aggregate with the category `order`, where the lock is `text`.
    fn reminds(text: Option<&str>, module: &str) -> bool {
        let path: PathBuf = env::temp_dir().join(format!("es-reminder-{}-{}.lock", process::id(), module.len()));
        if let Some(text) = text {
            fs::write(&path, text).expect("written");
        }
        let reminded = panic::catch_unwind(|| remind(&Lock::new(&path), "Order", "order", module)).is_err();
        if text.is_some() {
            fs::remove_file(&path).expect("removed");
        }
        reminded
    }

    #[test]
    fn a_lock_without_the_stream_reminds_of_it() {
        assert!(reminds(Some("stream account\n"), "shop::order"));
        assert!(!reminds(Some("stream account\nstream order\n"), "shop::orders"));
    }

    #[test]
    fn without_a_lock_nobody_is_reminded() {
        assert!(!reminds(None, "shop::order::nobody"));
    }

    #[test]
    fn examples_in_modules_of_tests_are_left_alone() {
        assert!(!reminds(Some("stream account\n"), "shop::order::tests"));
        assert!(reminds(Some("stream account\n"), "shop::contests::order"));
    }
}
