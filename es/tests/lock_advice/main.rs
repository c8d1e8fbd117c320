//! Follows every advice that the lock prints: the test pastes it, compiles it, checks the lock again and reads an old payload. The
//! pasted code is a separate program, which is built once.

#![cfg(feature = "schema")]
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    unnameable_types,
    missing_debug_implementations,
    reason = "types that are only described"
)]
#![allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use es::{
    prelude::*,
    schema::{Aggregates, Field, Form, Lock, LockError, Presence, Schema, SchemaVersion, Shape, Update},
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

/// The aggregate with the one event, and the check.
macro_rules! account {
    () => {
        #[derive(Aggregate, Default)]
        #[aggregate(category = "account", id = String, events(Deposited))]
        pub struct Account;
        impl Apply<Deposited> for Account {
            fn apply(&mut self, _: Deposited) {}
        }
        pub type Today = Account;
    };
}

#[macro_use]
mod cases;
mod more_cases;
mod whole_modules;

/// A change, compiled and as text.
struct Case {
    name: &'static str,
    /// Writes the lock before the change.
    write: fn(&Lock) -> Result<(), LockError>,
    /// Checks the change against that lock.
    check: fn(&Lock) -> Result<(), LockError>,
    /// Where the advice is pasted into the whole module: the text that tells it from the other printed advice.
    follow: Option<&'static str>,
    /// The event's name today, its schema version, and its fields, each with its stored key or its index.
    event: &'static str,
    is_tuple: bool,
    fields: &'static [(&'static str, &'static str)],
    /// Today's types, and those that the advice asks to keep.
    types: &'static str,
    kept: &'static str,
    /// An old payload: its stored name, its schema version, and the value that it is read as today.
    payload: (&'static str, u32, &'static str, &'static str),
}

#[test]
fn every_advice_satisfies_the_lock_when_it_is_followed() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let root = target.join("followed_advice");
    let locks = root.join("locks");
    let _ = fs::remove_dir_all(&locks);
    fs::create_dir_all(&locks).expect("a folder");
    fs::create_dir_all(root.join("src")).expect("a folder");
    let mut modules = String::new();
    let mut calls = String::new();
    let all: Vec<_> = cases::ALL.iter().chain(more_cases::ALL).chain(whole_modules::ALL).collect();
    let mut printed = BTreeSet::new();
    let mut wrong = Vec::new();
    for case in &all {
        let path = locks.join(format!("{}.lock", case.name));
        let lock = Lock::new(&path);
        (case.write)(&lock).expect("written");
        let Err(LockError::Incompatible { report, .. }) = (case.check)(&lock) else {
            panic!("{}: nothing is said", case.name)
        };
        for line in report.lines() {
            let advised = advised(line);
            if advised.is_empty() && is_advice(line) {
                wrong.push(format!("{}: the advice {line:?} is not listed", case.name));
            }
            printed.extend(advised);
        }
        let module = match case.follow {
            Some(follow) => whole(case, follow, &report),
            None => module(case, &Pasted::of(&report)),
        };
        write!(modules, "{module}").expect("a text");
        let (name, version, payload, today) = case.payload;
        let module = case.name;
        writeln!(
            calls,
            "    check::<{module}::Today, {module}::Account>({path:?}, {module:?}, {name:?}, {version}, {payload:?}, {today:?});"
        )
        .expect("a text");
    }
    let never = es::schema::ADVISED.iter().filter(|words| !printed.contains(**words));
    wrong.extend(never.map(|words| format!("no case follows the advice {words:?}")));
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
    assert!(run.status.success() && wrong.is_empty(), "{wrong:#?}\n{out}\n{errors}");
    assert_eq!(out.lines().filter(|line| line.ends_with(": holds")).count(), all.len(), "{out}\n{errors}");
}

/// The advice in a line, as `ADVISED` lists it.
fn advised(line: &str) -> Vec<&'static str> {
    let there: Vec<_> = es::schema::ADVISED.iter().copied().filter(|words| line.contains(words)).collect();
    let is_part = |words: &&str| there.iter().any(|other| other != words && other.contains(*words));
    there.iter().copied().filter(|words| !is_part(words)).collect()
}

/// Whether a line of a report is advice, and not a place or a change.
fn is_advice(line: &str) -> bool {
    let indented = line.len() - line.trim_start().len();
    let says = ["before ", "after ", "on ", "keep it as"].iter().any(|word| line.trim_start().starts_with(word));
    matches!(indented, 2 | 4 | 8) && !says && !line.contains("now has a JSON schema")
}

/// The module of a case, with its whole text changed as the advice `follow` says.
fn whole(case: &Case, follow: &str, report: &str) -> String {
    // `stringify!` breaks the text into lines at any place.
    let mut text = case.types.split_whitespace().collect::<Vec<_>>().join(" ");
    let types = text.clone();
    let mut lines = report.lines().skip_while(|line| !line.contains(follow)).peekable();
    assert!(lines.peek().is_some(), "{}: nothing says {follow:?}\n{report}", case.name);
    let mut after = |old: &str, new: &str| {
        assert_eq!(text.matches(old).count(), 1, "{}: {old:?} in\n{text}", case.name);
        text = text.replace(old, new);
    };
    let is_sentence = |line: &str| !line.starts_with("    ");
    let mut first = true;
    for line in lines.take_while(|line| std::mem::take(&mut first) || line.starts_with("    ")) {
        let code = line.trim();
        if code.contains("describe its shapes") {
            after("shapes: &[]", SHAPES);
        } else if code.contains("name its aggregate in the check again") {
            after("type Today = Account", "type Today = (Account, Room)");
        } else if let Some((ty, _)) = code.split_once("` of `").filter(|_| code.contains("#[derive(JsonSchema)]")) {
            let held = format!("pub struct {} ", ty.trim_start_matches('`'));
            let derive = "#[derive(es::schema::schemars::JsonSchema)] #[schemars(crate = \"es::schema::schemars\")] ";
            after(&held, &format!("{derive}{held}"));
        } else if let Some(word) = code.strip_prefix("leave `") {
            let (word, _) = word.split_once("` out of").expect("a word");
            after(&format!("#[serde({word})]"), "");
        } else if code.starts_with("#[serde(") {
            after("pub struct Deposited", &format!("{code} pub struct Deposited"));
        } else if code.starts_with("#[event(name = ") {
            let code = code.replace("\"…\"", "\"account.deposited\"");
            after("#[event(name = \"account.deposited\")]", &code);
        } else if let Some(said) = code.strip_prefix("#[aggregate(") {
            let said = said.trim_end_matches(")]");
            let (_, is) = types.split_once("#[aggregate(").expect("an aggregate");
            let (is, _) = is.split_once(")]").expect("an aggregate");
            after(is, &merged(is, said));
        } else if let Some(said) = code.strip_prefix("impl Retired<…>") {
            let (ty, _) = said.trim_start_matches(" for ").split_once(' ').expect("a type");
            assert!(case.kept.contains(&format!("for {ty}")), "{}: {code}", case.name);
        } else {
            assert!(is_sentence(line) || code.starts_with("on "), "{}: {line:?} is not followed", case.name);
        }
    }
    format!("mod {} {{\nuse super::*;\n{text}\n{}\n}}\n", case.name, case.kept)
}

/// The attributes of an event that is written by hand.
const SHAPES: &str = "shapes: &[Shape { schema_version: SchemaVersion::FIRST, form: Form::Named, \
                      fields: &[Field::new(\"amount\", \"u64\", Presence::Required)] }]";

/// The arguments `is` of an attribute, replaced by or followed by those of `said`.
fn merged(is: &str, said: &str) -> String {
    let key = |word: &str| word.split(['=', '(']).next().unwrap_or(word).trim().to_owned();
    let mut words: Vec<String> = parted(is);
    for said in parted(said).into_iter().filter(|word| word != "…") {
        match words.iter_mut().find(|word| key(word) == key(&said)) {
            Some(word) => *word = said,
            None => words.push(said),
        }
    }
    words.join(", ")
}

/// The parts between commas outside of brackets.
fn parted(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            _ => {}
        }
        match (letter, depth) {
            (',', 0) => parts.push(String::new()),
            _ => parts.last_mut().expect("a part").push(letter),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// The code that the advice says to write, by its place.
#[derive(Default)]
struct Pasted {
    on_struct: Vec<String>,
    on_fields: Vec<(String, String)>,
    /// The old event, in a module of its own.
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

/// The module of a case with the pasted code.
fn module(case: &Case, pasted: &Pasted) -> String {
    let said = pasted.on_struct.iter().any(|attribute| attribute.contains("name = "));
    let own = if said { String::new() } else { format!("#[event({})]", case.event) };
    let on_struct = pasted.on_struct.join("\n");
    let mut taken = 0;
    let fields: Vec<String> = case
        .fields
        .iter()
        .map(|(key, field)| {
            let attributes = pasted
                .on_fields
                .iter()
                .filter(|(on, _)| on == key || is_flattened(on, field))
                .map(|(_, attribute)| attribute.as_str());
            let attributes: Vec<_> = attributes.collect();
            taken += attributes.len();
            // A step to the same schema version replaces the existing one.
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
    // `mod v1 { #[event(…)] pub struct … }` is a placeholder for the old struct, which the case keeps.
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

/// Whether `on` names the field by its type, because a flattened field has no key.
fn is_flattened(on: &str, field: &str) -> bool {
    on.strip_prefix("..").is_some_and(|ty| field.ends_with(&format!(": {ty}")))
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

/// The first lines of the pasted program.
const PRELUDE: &str = r#"
#![allow(dead_code, unused_imports, unused_macros, non_upper_case_globals)]
use std::collections::{BTreeMap, BTreeSet, HashMap};

use es::{prelude::*, schema::{Aggregates, Field, Form, Lock, Presence, Schema, SchemaVersion, Shape, Update}};

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
        pub type Today = Account;
    };
}

mod cents {
    use super::*;
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> { i64::deserialize(deserializer) }
    pub fn serialize<S: serde::Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> { serializer.serialize_i64(*value) }
}

fn check<L: Aggregates, A: Aggregate>(lock: &str, case: &str, name: &str, version: u32, payload: &str, today: &str) {
    let lock = Lock::new(lock);
    if let Err(error) = lock.run::<L>(Update::New).and_then(|()| lock.run::<L>(Update::Nothing)) {
        println!("{case}: the lock says {error}");
        return;
    }
    let version = SchemaVersion::new(version).unwrap();
    let mut read = Vec::new();
    let end = A::Event::decode(A::CATEGORY, name, version, payload.as_bytes(), |event| event.encode(&mut read).unwrap());
    let read: serde_json::Value = serde_json::from_slice(&read).unwrap_or_default();
    let today: serde_json::Value = serde_json::from_str(today).unwrap();
    if read == today { println!("{case}: holds") } else { println!("{case}: reads {read} {end:?}") }
}
"#;
