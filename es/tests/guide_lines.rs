//! The aggregate of the guide, three events and three commands, in few lines: what is neither the body of an `apply`
//! method nor of a `handle`.

const GUIDE: &str = include_str!("../src/guide/account.rs");
const BY_HAND: &str = include_str!("by_hand.rs");

/// Lines of code without blank ones, comments, and what stands inside the body of a method of `#[apply]`, of `apply` or
/// of `handle`.
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
    let (derived, by_hand) =
        (lines(GUIDE), lines(BY_HAND.split("// the end of what is counted").next().unwrap_or_default()));
    println!("derived: {derived} lines, by hand: {by_hand} lines");
    assert!(derived <= 45, "{derived} lines");
    assert!(by_hand > 2 * derived, "by hand: {by_hand} lines");
}
