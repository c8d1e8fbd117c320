//! Every advice that the lock prints, followed by a machine: what it says is pasted, compiled and checked again, and
//! yesterday's payload is read. The pasted code is one program of its own, built once.

#![cfg(feature = "schema")]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "types that are only described")]

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use es::{
    prelude::*,
    schema::{Aggregates, Lock, LockError, Update},
};

/// Types inside payloads.
macro_rules! inner {
    ($($item:item)+) => {
        $(
            #[derive(Clone, Default, Serialize, Deserialize, es::schema::schemars::JsonSchema)]
            #[schemars(crate = "es::schema::schemars")]
            $item
        )+
    };
}

mod cases;

/// What somebody changed, as it compiles and as text.
struct Case {
    name: &'static str,
    /// Writes the lock of yesterday.
    write: fn(&Lock) -> Result<(), LockError>,
    /// Holds the change against it.
    check: fn(&Lock) -> Result<(), LockError>,
    /// The event's name today, its schema version, and the fields, each with its stored key or place.
    event: &'static str,
    is_tuple: bool,
    fields: &'static [(&'static str, &'static str)],
    /// Types of today, and those that are kept as the advice asks for.
    types: &'static str,
    kept: &'static str,
    /// A payload of yesterday: under which name, in which schema version, and what it is today.
    payload: (&'static str, u32, &'static str, &'static str),
}

#[test]
fn every_advice_holds_when_it_is_followed() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let root = target.join("followed_advice");
    let locks = root.join("locks");
    let _ = fs::remove_dir_all(&locks);
    fs::create_dir_all(&locks).expect("a folder");
    fs::create_dir_all(root.join("src")).expect("a folder");
    let mut modules = String::new();
    let mut calls = String::new();
    for case in cases::ALL {
        let path = locks.join(format!("{}.lock", case.name));
        let lock = Lock::new(&path);
        (case.write)(&lock).expect("written");
        let Err(LockError::Broken { report, .. }) = (case.check)(&lock) else {
            panic!("{}: nothing is said", case.name)
        };
        let pasted = Pasted::of(&report);
        write!(modules, "{}", module(case, &pasted)).expect("a text");
        let (name, version, payload, today) = case.payload;
        let module = case.name;
        writeln!(
            calls,
            "    check::<{module}::Account>({path:?}, {module:?}, {name:?}, {version}, {payload:?}, {today:?});"
        )
        .expect("a text");
    }
    fs::write(root.join("src/main.rs"), format!("{PRELUDE}\n{modules}\nfn main() {{\n{calls}}}\n")).expect("written");
    fs::write(root.join("Cargo.toml"), manifest()).expect("written");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock")).expect("copied");
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(target.parent().expect("a target").join("followed_advice"))
        .current_dir(&root)
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo");
    let (out, errors) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}\n{errors}");
    assert_eq!(out.lines().filter(|line| line.ends_with(": holds")).count(), cases::ALL.len(), "{out}\n{errors}");
}

/// What an advice says to write, by place.
#[derive(Default)]
struct Pasted {
    on_struct: Vec<String>,
    on_fields: Vec<(String, String)>,
    /// The event as it was, in a module of its own.
    module: Option<String>,
}

impl Pasted {
    fn of(report: &str) -> Self {
        let mut pasted = Self::default();
        let mut place: Option<String> = None;
        for line in report.lines() {
            if let Some(on) = line.strip_prefix("    on ") {
                place = Some(on.trim_matches('`').to_owned());
            } else if let Some(code) = line.strip_prefix("        ") {
                match place.as_deref() {
                    _ if code.starts_with("mod v") => pasted.module = Some(code.to_owned()),
                    _ if !code.starts_with("#[") || code.starts_with("#[aggregate") => {}
                    Some("the struct") | None => pasted.on_struct.push(code.to_owned()),
                    Some(field) => pasted.on_fields.push((field.to_owned(), code.to_owned())),
                }
            } else if !line.starts_with("    ") {
                place = None;
            }
        }
        pasted
    }
}

/// The module of a case, with what was pasted.
fn module(case: &Case, pasted: &Pasted) -> String {
    let said = pasted.on_struct.iter().any(|attribute| attribute.contains("name = "));
    let own = if said { String::new() } else { format!("#[event({})]", case.event) };
    let on_struct = pasted.on_struct.join("\n");
    let mut taken = 0;
    let fields: Vec<String> = case
        .fields
        .iter()
        .map(|(key, field)| {
            let attributes =
                pasted.on_fields.iter().filter(|(on, _)| on == key).map(|(_, attribute)| attribute.as_str());
            let attributes: Vec<_> = attributes.collect();
            taken += attributes.len();
            // a step to the same schema version stands in the place of the one that is there
            let field = match field
                .rsplit_once("#[event(")
                .and_then(|(before, step)| Some((before, step.split_once(")] ")?)))
            {
                Some((before, (step, behind))) if attributes.iter().any(|new| same_step(new, step)) => {
                    format!("{before}{behind}")
                }
                _ => (*field).to_owned(),
            };
            format!("{}\n{field},\n", attributes.join("\n"))
        })
        .collect();
    assert_eq!(taken, pasted.on_fields.len(), "{}: an attribute for a field that is not there", case.name);
    let (open, close) = if case.is_tuple { ("(", ");") } else { ("{", "}") };
    // the text in `mod v1 { #[event(…)] pub struct … }` stands for the struct as it was, which the case keeps
    let before = pasted.module.as_ref().map_or(String::new(), |module| {
        let (_, attribute) = module.split_once("{ ").expect("an attribute");
        let (attribute, _) = attribute.split_once(")] ").expect("an attribute");
        format!("macro_rules! as_it_was {{ ($($struct:tt)*) => {{ #[derive(Event, Clone, Serialize, Deserialize)] {attribute})] $($struct)* }} }}")
    });
    format!(
        "mod {} {{\nuse super::*;\n{before}\n{}\n{}\n#[derive(Event, Clone, Serialize, Deserialize)]\n{own}\n{on_struct}\n\
         pub struct Deposited {open}\n{}{close}\naccount!();\n}}\n",
        case.name,
        case.types,
        case.kept,
        fields.concat()
    )
}

/// Whether two steps lead to one schema version.
fn same_step(one: &str, other: &str) -> bool {
    let number = |step: &str| Some(step.split_once("in = ")?.1.split_once(',')?.0.to_owned());
    number(one).is_some() && number(one) == number(other)
}

fn manifest() -> String {
    let es = env!("CARGO_MANIFEST_DIR");
    format!(
        "[package]\nname = \"followed-advice\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         es = {{ path = {es:?}, features = [\"schema\"] }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\
         serde_json = \"1\"\n"
    )
}

/// What the pasted program begins with.
const PRELUDE: &str = r#"
#![allow(dead_code, unused_imports, unused_macros, non_upper_case_globals)]
use std::collections::{BTreeMap, HashMap};
use es::{prelude::*, schema::{Lock, Update}};

macro_rules! inner {
    ($($item:item)+) => {
        $(
            #[derive(Clone, Default, Serialize, Deserialize, es::schema::schemars::JsonSchema)]
            #[schemars(crate = "es::schema::schemars")]
            $item
        )+
    };
}

macro_rules! account {
    () => {
        #[derive(Aggregate, Default)]
        #[aggregate(category = "account", id = String, events(Deposited))]
        pub struct Account;
        impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
    };
}

mod cents {
    use super::*;
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> { i64::deserialize(deserializer) }
    pub fn serialize<S: serde::Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> { serializer.serialize_i64(*value) }
}

fn check<A: Aggregate>(lock: &str, case: &str, name: &str, version: u32, payload: &str, today: &str) {
    let lock = Lock::new(lock);
    if let Err(error) = lock.run::<A>(Update::New).and_then(|()| lock.run::<A>(Update::Nothing)) {
        println!("{case}: the lock says {error}");
        return;
    }
    let version = es::schema::SchemaVersion::new(version).unwrap();
    let mut read = Vec::new();
    let end = A::Event::decode(name, version, payload.as_bytes(), |event| event.encode(&mut read).unwrap());
    let read: serde_json::Value = serde_json::from_slice(&read).unwrap_or_default();
    let today: serde_json::Value = serde_json::from_str(today).unwrap();
    if read == today { println!("{case}: holds") } else { println!("{case}: reads {read} {end:?}") }
}
"#;
