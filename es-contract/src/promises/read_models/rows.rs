//! Rows: each is found by its key, comes back as it was, and is of one read model alone.

use std::collections::BTreeMap;

use bytes::Bytes;
use es_core::{ReadModelId, limits::NAME_BYTES};

use super::trial::{Trial, model, row};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq},
};

/// Keys whose order, case, width and marks matter.
const KEYS: [&str; 38] = [
    "9", "10", "1", "01", "Z", "a", "A", "ä", "a\u{308}", "z", "Ä", "ae", "ß", "ss", "é", "🦀", "\u{ffff}", "a ", " a",
    "a  b", "a b", "a-b", "a_b", "ab", "a%b", "%", "_", "'", "\"", "\\", "\\'", "\n", "\t", "\u{1}", "\u{7f}", "null",
    "$1", "ﬁ",
];

/// Rows are found in the order in which they are asked for, with `None` for each that is not there; one that is asked for twice
/// is given twice.
pub async fn rows_are_found_in_the_order_asked(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    one.advance(&one.owned(model, "one").await?, trial.step(1, &[("b", "2"), ("c", "3"), ("a", "1")])).await?;
    let state = |key: &str| match key {
        "a" => Some(Bytes::from("1")),
        "b" => Some(Bytes::from("2")),
        "c" => Some(Bytes::from("3")),
        _ => None,
    };
    let asked = [
        vec![],
        vec!["a"],
        vec!["x"],
        vec!["c", "x", "a", "b"],
        vec!["b", "b", "x", "a", "b", "x"],
        ["a", "x", "c", "y"].repeat(500),
    ];
    for keys in asked {
        let texts: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        for handle in [one, two] {
            let found = handle.kept()?.rows(model, &texts).await?;
            ensure_eq("the rows asked for", keys.iter().map(|key| state(key)).collect::<Vec<_>>(), found)?;
        }
    }
    Ok(())
}

/// The state of a row comes back byte for byte, whatever JSON it is.
pub async fn rows_come_back_byte_for_byte(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let states = [
        "null",
        "0",
        "-0.0",
        "1.0",
        "1.50e+10",
        "12345678901234567890.123456789",
        "\"\"",
        "[]",
        "{}",
        "true",
        r#"{ "b" : 1, "a" : 2 , "b":3 }"#,
        "[1,\n 2,\t3]",
        " 7 ",
        r#""\u00e4 ä \u0000 \" \\ \/ \n""#,
        "\"🦀\u{7f}\u{ffff}\"",
        r#""it's $1 ?1 % _ {} --""#,
        &deep,
        "18446744073709551616",
        "1e400",
    ];
    let rows: Vec<_> = states.iter().enumerate().map(|(number, state)| (format!("{number:02}"), *state)).collect();
    let rows: Vec<_> = rows.iter().map(|(key, state)| (key.as_str(), *state)).collect();
    one.advance(&one.owned(model, "one").await?, trial.step(1, &rows)).await?;
    for handle in [one, two] {
        let expected: Vec<_> = rows.iter().map(|(key, state)| row(key, state)).collect();
        ensure_eq("the rows of a page", expected, handle.all_rows(model, 7).await?)?;
        for (key, state) in &rows {
            let expected = Some(Bytes::from((*state).to_owned()));
            ensure_eq("the state of a row", expected, handle.row(model, key).await?)?;
        }
    }
    Ok(())
}

/// Pages give all rows once, in the order of the bytes of their keys: whatever order they were written in, however long the
/// pages are, and after any text.
pub async fn rows_are_paged_in_the_order_of_the_bytes_of_their_keys(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let longest = ["k".repeat(NAME_BYTES), format!("{}l", "k".repeat(NAME_BYTES - 1)), "🦀".repeat(NAME_BYTES / 4)];
    let keys: Vec<&str> = KEYS.into_iter().chain(longest.iter().map(String::as_str)).collect();
    let mut expected = BTreeMap::new();
    let mut claim = one.owned(model, "one").await?;
    for (position, some) in (1..).zip(keys.chunks(8).rev()) {
        let step = trial.step(position, &some.iter().map(|key| (*key, "1")).collect::<Vec<_>>());
        claim = one.advance(&claim, step).await?;
        expected.extend(some.iter().map(|key| (key.as_bytes(), *key)));
    }
    let expected: Vec<&str> = expected.into_values().collect();
    for limit in [1, 2, 7, keys.len(), 1_000, usize::MAX] {
        let rows = two.all_rows(model, limit).await?;
        let seen: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        ensure_eq(&format!("the keys by pages of {limit}"), &expected, &seen)?;
    }
    for after in keys.iter().copied().chain(["", "0", "a!", "b", "\u{10ffff}"]) {
        let page = one.kept()?.rows_after(model, Some(after), usize::MAX).await?;
        let first = expected.iter().find(|key| key.as_bytes() > after.as_bytes());
        ensure_eq(&format!("the row after {after:?}"), first.copied(), page.first().map(|row| row.key.as_str()))?;
    }
    ensure_eq("a page of no rows is empty", 0, one.kept()?.rows_after(model, None, 0).await?.len())
}

/// Keys that look alike are keys of different rows.
pub async fn keys_do_not_mix(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let states: Vec<String> = (0..KEYS.len()).map(|number| number.to_string()).collect();
    let rows: Vec<_> = KEYS.into_iter().zip(states.iter().map(String::as_str)).collect();
    let mut claim = one.owned(model, "one").await?;
    for (position, row) in (1..).zip(&rows) {
        claim = one.advance(&claim, trial.step(position, &[*row])).await?;
    }
    for (key, state) in rows {
        let found = two.row(model, key).await?;
        ensure_eq(&format!("the row {key:?}"), Some(Bytes::from(state.to_owned())), found)?;
    }
    for absent in ["B", "a\u{303}", "Ae", "AB", "a  ", "'\"", "\u{fffe}"] {
        ensure_eq(&format!("the row {absent:?}"), None, two.row(model, absent).await?)?;
    }
    Ok(())
}

/// Read models whose names look alike, and versions of one name, have rows and checkpoints of their own.
pub async fn names_and_versions_do_not_mix(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    let models: Vec<ReadModelId> = [
        ("a", 1),
        ("a", 2),
        ("a", 12),
        ("a1", 2),
        ("a", u32::MAX),
        ("a:1", 2),
        ("a/1", 2),
        ("a-1", 2),
        ("a_1", 2),
        ("a.1", 2),
        ("a (version 1)", 2),
        ("A", 1),
        ("ä", 1),
        ("a\u{308}", 1),
        ("a ", 1),
        (" a", 1),
        ("a%", 1),
        ("%", 1),
        ("'", 1),
        ("a\u{1f}1", 2),
        ("a\"", 1),
        ("\\", 1),
    ]
    .into_iter()
    .map(|(name, version)| model(name, version))
    .collect::<Result<_, _>>()?;
    for (number, model) in (1..).zip(&models) {
        let (state, own) = (number.to_string(), format!("row {number}"));
        one.advance(&one.owned(model, "one").await?, trial.step(number, &[("1", &state), (&own, &state)])).await?;
    }
    for (number, model) in (1..).zip(&models) {
        let (state, own) = (number.to_string(), format!("row {number}"));
        ensure_eq(&format!("where {model} stands"), trial.at(number), two.status(model).await?.handled)?;
        let expected = vec![row("1", &state), row(&own, &state)];
        ensure_eq(&format!("the rows of {model}"), expected, two.all_rows(model, 100).await?)?;
        let other = format!("row {}", if number == 1 { 2 } else { 1 });
        let found = two.kept()?.rows(model, &["1".to_owned(), other]).await?;
        ensure_eq(&format!("a row of {model}"), vec![Some(Bytes::from(state)), None], found)?;
    }
    let listed = two.kept()?.statuses().await?.len();
    ensure("each of them is listed", listed == models.len(), || format!("{listed} of {}", models.len()))
}
