//! Compares the lock's verdict on pairs of an old and a new shape with an oracle that shares no code with it: serde writes each
//! sample of the old type and reads it as the new one, and the other way round as the previous release would.

#![cfg(any(feature = "testing", feature = "schema"))]
#![allow(
    dead_code,
    unreachable_pub,
    unnameable_types,
    clippy::type_complexity,
    clippy::box_collection,
    clippy::redundant_allocation,
    reason = "types that are only described"
)]
#![allow(
    clippy::option_option,
    clippy::vec_box,
    clippy::linkedlist,
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "what users may write"
)]
#![cfg_attr(not(feature = "schema"), allow(unused_imports, unused_macros, reason = "the other files need them"))]

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque},
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::{NonZeroI32, NonZeroU32},
    time::Duration,
};

use es::{
    prelude::*,
    schema::{Aggregates, Lock, LockError, Update},
};
use serde_json::Value;
use tempfile::TempDir;

#[macro_use]
mod pairs;
mod collections;
#[cfg(feature = "schema")]
mod enums;
mod events;
#[cfg(feature = "schema")]
mod forms;
#[cfg(feature = "schema")]
mod keys;
mod plain;
#[cfg(feature = "schema")]
mod structs;

/// The verdict on a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A stored payload is no longer read with the same meaning.
    Noticed,
    /// Every stored payload is read with the same meaning, and the previous release reads every new one.
    Silent,
    /// Every stored payload is read with the same meaning; the previous release cannot read every new one.
    Widens,
}

/// One side of a pair.
trait Side: Aggregates {
    /// Payloads that this side stores.
    fn samples() -> Vec<String>;
    /// Reads a payload and writes it again.
    fn read(payload: &str) -> Option<Value>;
}

/// The verdict on two sides by their samples. `renamed` are the keys and variants with another name today.
fn judged<Before: Side, After: Side>(renamed: &[(&str, &str)]) -> (Verdict, String) {
    let reads =
        |payload: &String, meant: Option<Value>, read: Option<Value>, known_only: bool, renamed: &[(&str, &str)]| {
            let meant = meant.unwrap_or_else(|| panic!("{payload} is none of its own side"));
            match read {
                Some(read) if keeps(&meant, &read, known_only, renamed) => None,
                read => Some(format!("{payload} is read as {read:?}")),
            }
        };
    assert!(!Before::samples().is_empty() && !After::samples().is_empty());
    let lost = Before::samples()
        .iter()
        .find_map(|payload| reads(payload, Before::read(payload), After::read(payload), false, renamed));
    if let Some(lost) = lost {
        return (Verdict::Noticed, lost);
    }
    let back: Vec<_> = renamed.iter().map(|(old, new)| (*new, *old)).collect();
    let lost = After::samples()
        .iter()
        .find_map(|payload| reads(payload, After::read(payload), Before::read(payload), true, &back));
    match lost {
        Some(lost) => (Verdict::Widens, lost),
        None => (Verdict::Silent, "all is read".to_owned()),
    }
}

/// Whether `read` has everything that `meant` has. With `known_only` it may lack keys, which an older release does not know.
fn keeps(meant: &Value, read: &Value, known_only: bool, renamed: &[(&str, &str)]) -> bool {
    let today =
        |name: &str| renamed.iter().find(|(old, _)| *old == name).map_or(name.to_owned(), |(_, new)| (*new).to_owned());
    match (meant, read) {
        (Value::Object(meant), Value::Object(read)) => meant.iter().all(|(key, value)| match read.get(&today(key)) {
            Some(held) => keeps(value, held, known_only, renamed),
            None => known_only && !renamed.iter().any(|(old, _)| old == key),
        }),
        (Value::Array(meant), Value::Array(read)) => {
            meant.len() == read.len()
                && meant.iter().zip(read).all(|(meant, read)| keeps(meant, read, known_only, renamed))
        }
        (Value::String(meant), Value::String(read)) => match (meant.strip_prefix('#'), read.strip_prefix('#')) {
            (Some(meant), Some(read)) => same_number(meant, read),
            _ => today(meant) == *read,
        },
        _ => meant == read,
    }
}

/// The JSON of a value, with each number as a string `#1.5`: a `Value` holds no number above 64 bits.
fn written<T: Serialize>(value: &T) -> Value {
    let json = serde_json::to_string(value).expect("JSON");
    let mut quoted = String::new();
    let (mut in_text, mut in_number, mut escaped) = (false, false, false);
    for letter in json.chars() {
        let is_of_number =
            !in_text && (letter.is_ascii_digit() || (in_number && ".eE+-".contains(letter)) || letter == '-');
        match (in_number, is_of_number) {
            (false, true) => quoted.push_str("\"#"),
            (true, false) => quoted.push('"'),
            _ => {}
        }
        in_number = is_of_number;
        if letter == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = in_text && letter == '\\' && !escaped;
        quoted.push(letter);
    }
    serde_json::from_str(&quoted).expect("JSON")
}

/// Whether both texts are exactly the same number.
fn same_number(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.parse::<i128>().ok().or_else(|| text.strip_suffix(".0")?.parse().ok());
    match (digits(one), digits(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The verdict of the lock on `After`, after `Before` has written it.
fn said<Before: Side, After: Side>() -> (Option<Verdict>, String) {
    let directory = TempDir::new().expect("a directory");
    let lock = Lock::new(directory.path().join("events.lock"));
    lock.run::<Before>(Update::New).expect("written");
    lock.run::<Before>(Update::Nothing).expect("what was written holds");
    match lock.run::<After>(Update::Nothing) {
        Ok(()) => (Some(Verdict::Silent), String::new()),
        Err(LockError::Incompatible { report, .. }) => (Some(Verdict::Noticed), report),
        Err(LockError::Outdated { news, .. }) => {
            lock.run::<After>(Update::New).expect("written");
            lock.run::<After>(Update::Nothing).expect("and then it holds");
            let widens = news.iter().any(|line| line.contains("the release before cannot read all"));
            (Some(if widens { Verdict::Widens } else { Verdict::Silent }), news.join("\n"))
        }
        Err(other) => (None, other.to_string()),
    }
}

/// Asserts that the oracle and the lock give `verdict`, or the lock `instead`, for a reason that its documentation gives.
#[track_caller]
fn judge<Before: Side, After: Side>(verdict: Verdict, instead: Option<Verdict>, renamed: &[(&str, &str)]) {
    let (judged, why) = judged::<Before, After>(renamed);
    let (said, text) = said::<Before, After>();
    assert_eq!(judged, verdict, "the oracle: {why}; the lock: {said:?}");
    assert_eq!(said, Some(instead.unwrap_or(verdict)), "the lock, where {why}:\n{text}");
}

mod text_cents {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
}
