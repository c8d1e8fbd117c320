//! The difference between what is expected and what is there, as lines.

use std::fmt::Debug;

use similar::TextDiff;

/// The lines of both, each with `-` if only expected, and with `+` if only `seen`, which was `made` so.
pub(crate) fn difference(expected: &impl Debug, seen: &impl Debug, made: &str) -> String {
    let (expected, seen) = (format!("{expected:#?}\n"), format!("{seen:#?}\n"));
    let difference = TextDiff::from_lines(&expected, &seen);
    let lines = difference.iter_all_changes().map(|change| format!("{}{change}", change.tag()));
    format!("(- expected, + {made})\n{}", lines.collect::<String>())
}
