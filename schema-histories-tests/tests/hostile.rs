//! A hostile payload of 1 MiB does not make a reader's memory grow by 32 MiB, nor overflow its stack.
//!
//! Two cases have higher limits: serde's buffer for `flatten`, which takes 45 MiB for lists of one number each, and events that
//! keep a `serde_json::Value`.
//!
//! Each payload is read in a child process, which runs this test again. The peak of memory is read from Linux.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "the helpers are tests too")]

use std::{
    collections::BTreeMap,
    env, fs,
    process::{Command, Stdio},
};

use es_core::{Event, SchemaVersion, limits::PAYLOAD_BYTES};
use schema_histories_tests::words::Value;
use serde::{Deserialize, Serialize};

const MIB: usize = 1 << 20;
/// How much the peak may grow.
const LIMIT: usize = 32 * MIB;
/// How much the peak may grow with serde's buffer for `flatten`.
const FLATTENED: usize = 56 * MIB;
/// How much the peak may grow if all is kept as `serde_json::Value`.
const KEPT: usize = 128 * MIB;
/// The variable that names the payload to the child process.
const CASE: &str = "HOSTILE_CASE";

/// An event that a hostile payload could fill: lists, maps, texts and nested values, also in its oldest version.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "hostile.typed", version = 2)]
struct Typed {
    #[event(added(in = 2, default = |old| old.numbers.len()))]
    count: usize,
    numbers: Vec<u8>,
    texts: Vec<String>,
    lists: Vec<Vec<u8>>,
    pairs: BTreeMap<String, u8>,
    text: String,
    child: Option<Box<Child>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Child {
    child: Option<Box<Child>>,
}

/// An event with `flatten`, for which serde buffers the payload.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "hostile.flattened", version = 2)]
struct Flattened {
    #[event(added(in = 2, default = 0))]
    count: u8,
    #[serde(flatten)]
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    city: Option<String>,
    numbers: Option<Vec<u8>>,
}

/// An event with an untagged enum, for which serde buffers the payload.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "hostile.untagged")]
struct Untagged {
    numbers: Either,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    One(u8),
    Many(Vec<u8>),
}

/// An event that keeps the whole payload.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "hostile.anything")]
struct Anything {
    value: Value,
}

type Read = fn(&[u8]) -> bool;

fn read<E: Event>(payload: &[u8]) -> bool {
    E::decode(SchemaVersion::FIRST, payload).is_ok()
}

fn readers() -> [(&'static str, Read, usize); 4] {
    [
        ("typed", read::<Typed>, LIMIT),
        ("flattened", read::<Flattened>, FLATTENED),
        ("untagged", read::<Untagged>, LIMIT),
        ("anything", read::<Anything>, KEPT),
    ]
}

/// `piece` repeated between `start` and `end`, 1 MiB in all.
fn filled(start: &str, piece: &str, end: &str) -> Vec<u8> {
    let pieces = (PAYLOAD_BYTES - start.len() - end.len()) / piece.len();
    let last = if piece.ends_with(',') { pieces * piece.len() - 1 } else { pieces * piece.len() };
    [start.as_bytes(), &piece.repeat(pieces).as_bytes()[..last], end.as_bytes()].concat()
}

/// The other keys that a [`Typed`] needs.
const REST: &str = r#"],"texts":[],"lists":[],"pairs":{},"text":"","child":null}"#;

/// The name of a payload, its start, its repeated piece and its end.
const FILLED: &[(&str, &str, &str, &str)] = &[
    ("lists in lists", "", "[", ""),
    ("objects in objects", "", r#"{"child":"#, ""),
    ("flattened objects in objects", "", r#"{"city":"#, ""),
    ("lists in a field", r#"{"value":"#, "[", ""),
    ("a list of numbers", r#"{"numbers":["#, "0,", REST),
    ("a list of numbers, flattened", r#"{"numbers":["#, "0,", "]}"),
    ("a list of lists", r#"{"lists":["#, "[],", "]}"),
    ("a list of lists, flattened", r#"{"numbers":["#, "[],", "]}"),
    ("a list of lists of one", r#"{"lists":["#, "[1],", "]}"),
    ("a list of texts", r#"{"texts":["#, r#""","#, "]}"),
    ("a list of objects, flattened", r#"{"unknown":["#, "{},", "]}"),
    ("a list of anything", r#"{"value":["#, "0,", "]}"),
    ("a list of empty lists of anything", r#"{"value":["#, "[],", "]}"),
    ("a list of lists of anything", r#"{"value":["#, "[0],", "]}"),
    ("a list of objects of anything", r#"{"value":["#, r#"{"":0},"#, "]}"),
    ("one key again and again", "{", r#""":0,"#, "}"),
    ("one field again and again", "{", r#""text":"","#, "}"),
    ("one key of a map again and again", r#"{"pairs":{"#, r#""":0,"#, "}}"),
    ("a long text", r#"{"city":""#, "x", r#""}"#),
    ("a long text of escapes", r#"{"city":""#, r"\n", r#""}"#),
    ("a long key", r#"{""#, "x", r#"":0}"#),
    ("a long number", r#"{"numbers":["#, "9", "]}"),
    ("a long float", r#"{"value":0."#, "9", "}"),
    ("a huge exponent", r#"{"value":1e"#, "9", "}"),
    ("blanks", "", " ", "{}"),
];

/// A hostile payload: its name, and how it is made.
type Payload = (&'static str, Box<dyn Fn() -> Vec<u8>>);

fn payloads() -> Vec<Payload> {
    let filled =
        FILLED.iter().map(|(what, start, piece, end)| -> Payload { (what, Box::new(|| filled(start, piece, end))) });
    let others: [Payload; 3] = [
        ("bytes that are no text", Box::new(|| vec![0xff; PAYLOAD_BYTES])),
        ("many keys", Box::new(|| many_keys("{", "}"))),
        ("many keys of a map", Box::new(|| many_keys(r#"{"pairs":{"#, "}}"))),
    ];
    filled.chain(others).collect()
}

fn many_keys(start: &str, end: &str) -> Vec<u8> {
    let keys = (0_u32..).map(|number| format!("\"{number:x}\":0"));
    let mut payload = start.to_owned();
    for key in keys {
        if payload.len() + key.len() + 1 + end.len() > PAYLOAD_BYTES {
            break;
        }
        if payload.len() > start.len() {
            payload.push(',');
        }
        payload.push_str(&key);
    }
    (payload + end).into_bytes()
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches(|letter: char| !letter.is_ascii_digit()).parse::<usize>().unwrap() * 1024
}

#[test]
fn no_hostile_payload_makes_memory_grow() {
    if let Ok(case) = env::var(CASE) {
        return child(case.parse().unwrap());
    }
    let mut largest = (0, String::new());
    for (payload, (what, _)) in payloads().iter().enumerate() {
        for (reader, (by, _, limit)) in readers().iter().enumerate() {
            let grown = in_a_process(payload * readers().len() + reader);
            let grown = grown.unwrap_or_else(|end| panic!("{what}, read as {by}: the process ended by {end}"));
            assert!(grown < *limit, "{what}, read as {by}: {} KiB", grown / 1024);
            largest = largest.max((grown, format!("{what}, read as {by}")));
        }
    }
    println!("at most {} KiB more: {}", largest.0 / 1024, largest.1);
    assert!(largest.0 > MIB, "something must have been measured");
}

/// How much the peak grew, or how the process ended.
fn in_a_process(case: usize) -> Result<usize, String> {
    let test = ["--exact", "no_hostile_payload_makes_memory_grow", "--nocapture", "--test-threads=1"];
    let mut command = Command::new(env::current_exe().unwrap());
    let output = command.args(test).env(CASE, case.to_string()).stderr(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let grown = said.lines().find_map(|line| line.split_once("grown by ")?.1.parse().ok());
    grown.filter(|_| output.status.success()).ok_or_else(|| output.status.to_string())
}

fn child(case: usize) {
    let (payload, reader) = (case / readers().len(), case % readers().len());
    let payload = payloads()[payload].1();
    assert!(payload.len() <= PAYLOAD_BYTES && payload.len() > PAYLOAD_BYTES - 32, "{}", payload.len());
    // Making the payloads has raised the peak: measure from here.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmHWM:");
    let read = readers()[reader].1(&payload);
    let after = status("VmHWM:");
    println!("\nread {read}, grown by {}", after - before);
}
