//! Fails the tests of a package whose schema lock lacks one of its aggregates.

use std::{env, fs, path::PathBuf};

/// Fails if the package under test has an `events.lock` without the streams of `category`. Ignores aggregates in modules of
/// tests, since these are examples.
///
/// # Panics
/// If the lock lacks the streams.
#[track_caller]
pub fn remind_of_lock(aggregate: &str, category: &str, module: &str) {
    // Does not fail while the test that writes the lock runs.
    let is_being_written = env::var_os("UPDATE_EVENTS_LOCK").is_some_and(|asked| asked == "1");
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    if let (false, Ok(lock)) = (is_being_written, fs::read_to_string(package.join("events.lock"))) {
        remind(&lock, aggregate, category, module);
    }
}

#[track_caller]
fn remind(lock: &str, aggregate: &str, category: &str, module: &str) {
    if module.split("::").any(|module| matches!(module, "test" | "tests")) {
        return;
    }
    assert!(
        !lacks(lock, category),
        "\n\n`events.lock` does not hold stream `{category}`, so nothing checks the shapes of the events of \
         `{aggregate}`\n    name it where the lock is checked:  es::schema::lock!(…, {aggregate});\n    \
         and write it:  UPDATE_EVENTS_LOCK=1 cargo test\n\n"
    );
}

/// Whether the text of a lock lacks the streams of this category. The crate that writes the text, `es-schema`, tests that this
/// finds each stream of it.
pub fn lacks(lock: &str, category: &str) -> bool {
    let quoted = serde_json::Value::from(category).to_string();
    let names = |line: &str| {
        line.strip_prefix("stream ").map(str::trim_end).is_some_and(|name| [category, &quoted].contains(&name))
    };
    !lock.lines().any(names)
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    /// Whether the test of an aggregate with the category `order` fails when the lock is `text`.
    fn fails(text: &str, module: &str) -> bool {
        panic::catch_unwind(|| remind(text, "Order", "order", module)).is_err()
    }

    #[test]
    fn a_lock_without_the_stream_fails_the_test() {
        assert!(fails("stream account\n", "shop::order"));
        assert!(fails("stream orders\n  order\n\nevent order\n  1: null\n", "shop::order"));
        assert!(!fails("stream account\nstream order\n", "shop::orders"));
        assert!(!fails("stream account\r\nstream order\r\n", "shop::orders"));
    }

    #[test]
    fn without_a_lock_no_test_fails() {
        // This package has no lock.
        remind_of_lock("Order", "order", "shop::order::nobody");
    }

    #[test]
    fn aggregates_in_modules_of_tests_are_ignored() {
        assert!(!fails("stream account\n", "shop::order::tests"));
        assert!(fails("stream account\n", "shop::contests::order"));
    }
}
