//! A corpus: payloads as they were stored, each beside what it is today.

use std::{
    env, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use es_core::{
    SchemaVersion,
    schema::{Aggregates, Update},
};
use serde_json::Value;
use similar::TextDiff;

mod error;
mod folder;
mod readers;

pub use error::{Cause, CorpusError, Finding};

use readers::Reader;

/// Payloads as they were stored, each beside what it is today.
///
/// The lock knows shapes; a corpus knows values, and so what the expressions in `default` and `with` make of them:
/// ```text
/// corpus/account.deposited/1/first.json        {"amount":12.5}
/// corpus/account.deposited/1/first.now.json    {"amount":1250,"currency":"EUR"}
/// ```
///
/// Every payload is decoded by the aggregates of the check; what comes out is compared with the `.now.json` beside it,
/// whatever the order of keys. A retired event is the list of what it became. A schema version without any payload is
/// an error, and so are folders that stand for nothing. A letter that file systems do not take, such as `/`, stands as
/// `%2F` in the folder of an event.
///
/// ```no_run
/// # use es_core::Aggregate;
/// # use es_testing::corpus::Corpus;
/// # fn test<Account: Aggregate, Order: Aggregate>() {
/// Corpus::new("corpus").check::<(Account, Order)>();
/// # }
/// ```
///
/// `UPDATE_EVENTS_LOCK=1 cargo test` writes the `.now.json` that are not there yet; `UPDATE_EVENTS_LOCK=overwrite`
/// also those that differ.
#[derive(Clone, Debug)]
pub struct Corpus {
    path: PathBuf,
}

impl Corpus {
    /// The corpus in the folder `path`, which is relative to the package under test.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        Self { path: package.join(path) }
    }

    /// Reads every payload with the aggregates `A`, and writes down as much as `UPDATE_EVENTS_LOCK` asks for.
    ///
    /// # Panics
    /// When [`run`](Self::run) fails, with its message.
    #[track_caller]
    pub fn check<A: Aggregates>(&self) {
        let update = Update::asked().map_err(|error| self.only(Cause::Update(error)));
        if let Err(error) = update.and_then(|update| self.run::<A>(update)) {
            panic!("\n\n{error}\n\n");
        }
    }

    /// Reads every payload with the aggregates `A`, and writes down as much as `update` allows.
    ///
    /// # Errors
    /// [`CorpusError`] with everything that is wrong.
    pub fn run<A: Aggregates>(&self, update: Update) -> Result<(), CorpusError> {
        let mut run = Run { readers: readers::readers::<A>(), update, kept: Vec::new(), findings: Vec::new() };
        run.corpus(&self.path);
        run.gaps(&self.path);
        let mut findings = run.findings;
        findings.sort_by(|one, other| one.path.cmp(&other.path));
        if findings.is_empty() { Ok(()) } else { Err(CorpusError { findings }) }
    }

    fn only(&self, cause: Cause) -> CorpusError {
        CorpusError { findings: vec![Finding { path: self.path.clone(), cause }] }
    }
}

struct Run {
    readers: Vec<Reader>,
    update: Update,
    /// The names and schema versions of which there is a payload.
    kept: Vec<(String, SchemaVersion)>,
    findings: Vec<Finding>,
}

impl Run {
    fn corpus(&mut self, path: &Path) {
        for (path, name) in self.folders(path) {
            let name = folder::event(&name);
            match readers::newest(&self.readers, &name) {
                Some(newest) => self.event(&path, &name, newest),
                None => self.found(&path, Cause::UnknownName),
            }
        }
    }

    fn event(&mut self, path: &Path, name: &str, newest: SchemaVersion) {
        for (path, number) in self.folders(path) {
            let version = number.parse().ok().and_then(SchemaVersion::new);
            match version.filter(|version| *version <= newest && version.to_string() == number) {
                Some(version) => self.version(&path, name, version),
                None => self.found(&path, Cause::UnknownVersion { newest: newest.get() }),
            }
        }
    }

    fn version(&mut self, path: &Path, name: &str, version: SchemaVersion) {
        for (path, file) in self.entries(path) {
            match (file.strip_suffix(".now.json"), file.strip_suffix(".json")) {
                (Some(stem), _) => {
                    if !path.with_file_name(format!("{stem}.json")).exists() {
                        self.found(&path, Cause::Orphan);
                    }
                }
                (None, Some(stem)) => {
                    self.kept.push((name.to_owned(), version));
                    let now = path.with_file_name(format!("{stem}.now.json"));
                    if let Err(cause) = self.payload(&path, &now, name, version) {
                        self.found(&path, cause);
                    }
                }
                (None, None) => self.found(&path, Cause::Stray),
            }
        }
    }

    fn payload(&self, path: &Path, now: &Path, name: &str, version: SchemaVersion) -> Result<(), Cause> {
        let payload = fs::read(path).map_err(Cause::File)?;
        let today = readers::today(&self.readers, name, version, &payload)?;
        let text = format!("{today:#}\n");
        let before = match fs::read_to_string(now) {
            Ok(before) => before,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match self.update {
                    Update::Nothing => Err(Cause::NotWritten),
                    _ => fs::write(now, text).map_err(Cause::File),
                };
            }
            Err(error) => return Err(Cause::File(error)),
        };
        if serde_json::from_str::<Value>(&before).is_ok_and(|before| before == today) {
            return Ok(());
        }
        if self.update == Update::Everything {
            return fs::write(now, text).map_err(Cause::File);
        }
        let before: Value = serde_json::from_str(&before)?;
        Err(Cause::Changed { diff: diff(&format!("{before:#}\n"), &text) })
    }

    /// Finds the schema versions of which nothing is kept.
    fn gaps(&mut self, path: &Path) {
        for (version, names) in readers::promised(&self.readers) {
            let kept = |(name, kept): &(String, SchemaVersion)| *kept == version && names.contains(&name.as_str());
            if let (false, Some(name)) = (self.kept.iter().any(kept), names.first()) {
                self.found(&path.join(folder::of(name)).join(version.to_string()), Cause::NoPayload);
            }
        }
    }

    fn found(&mut self, path: &Path, cause: Cause) {
        self.findings.push(Finding { path: path.to_owned(), cause });
    }

    /// The folders in the folder `path`.
    fn folders(&mut self, path: &Path) -> Vec<(PathBuf, String)> {
        let mut entries = self.entries(path);
        entries.retain(|(path, _)| path.is_dir());
        entries
    }

    /// What is in the folder `path`, by name, without what is hidden. A folder that is not there is empty.
    fn entries(&mut self, path: &Path) -> Vec<(PathBuf, String)> {
        match entries(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.found(path, Cause::File(error));
                Vec::new()
            }
        }
    }
}

fn entries(path: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((entry.path(), name));
        }
    }
    entries.sort();
    Ok(entries)
}

fn diff(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.iter_all_changes().map(|change| format!("    {} {change}", change.tag())).collect::<Vec<_>>().concat()
}
