//! Counts the lines of the guide's aggregate, with three events and three commands, without the bodies of apply methods and of
//! `handle`.

const GUIDE: &str = include_str!("../src/guide/account.rs");
const BY_HAND: &str = include_str!("by_hand.rs");

/// The lines of code without blank lines, comments, and the bodies of apply methods, of `apply` and of `handle`.
fn lines(code: &str) -> usize {
    let mut inside: Option<usize> = None;
    let mut counted = 0;
    for line in code.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")) {
        let indent = line.len() - line.trim_start().len();
        if inside.is_some_and(|body| indent > body) {
            continue;
        }
        counted += 1;
        let text = line.trim_start();
        let is_body = text.starts_with("fn ") && line.ends_with('{') && text.contains("self");
        inside = is_body.then_some(indent);
    }
    counted
}

#[test]
fn three_events_and_three_commands_take_45_lines() {
    let (by_hand, _) = BY_HAND.split_once("// End of the counted lines.").expect("the marker");
    let (derived, by_hand) = (lines(GUIDE), lines(by_hand));
    println!("derived: {derived} lines, by hand: {by_hand} lines");
    assert!(derived <= 45, "{derived} lines");
    assert!(by_hand > 2 * derived, "by hand: {by_hand} lines");
}
