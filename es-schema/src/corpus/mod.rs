//! A corpus: stored payloads, each beside the value that it decodes to today.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use es_core::SchemaVersion;
use similar::TextDiff;

mod collect;
mod error;
mod folder;
mod json;
mod readers;

pub use error::{Cause, CorpusError, Finding};

use json::Json;
use readers::Reader;

use crate::{Aggregates, Update};

/// The environment variable that accepts changed values.
const VARIABLE: &str = "UPDATE_CORPUS";
/// The file with the schema version of each event in which its values were written.
const VERSIONS: &str = "versions.json";

/// Stored payloads, each beside the value that it decodes to today.
///
/// The lock knows shapes. A corpus knows values, and so the results of the expressions in `default` and `with`:
/// ```text
/// corpus/account.deposited/1/first.json        {"amount":12.5}
/// corpus/account.deposited/1/first.now.json    {"amount":1250,"currency":"EUR"}
/// ```
///
/// The aggregates of the check decode every payload, and the value is compared with the `.now.json` file beside it;
/// the order of keys does not matter. The value of a retired event is the list of its successors. A schema version
/// without a payload and a folder that belongs to no event are errors. A character that file systems refuse, such as
/// `/`, is written as `%2F`.
///
/// ```no_run
/// # use es_core::Aggregate;
/// # use es_schema::Corpus;
/// # fn test<Account: Aggregate, Order: Aggregate>() {
/// Corpus::new("corpus").check::<(Account, Order)>();
/// # }
/// ```
///
/// A changed value is accepted if a raised schema version explains it: the recorded value, decoded with the schema
/// version it was recorded in, must give today's value. `versions.json` holds that version. Any other change is an
/// error until `UPDATE_CORPUS=1 cargo test` accepts it, which also records new payloads. Without the variable nothing
/// is written.
///
/// [`collect`](Self::collect) fills a corpus from a store.
#[derive(Clone, Debug)]
pub struct Corpus {
    path: PathBuf,
    /// Whether the texts of what is collected are scrambled.
    scramble: bool,
}

impl Corpus {
    /// The corpus in the folder `path`, which is relative to the package under test.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        Self { path: package.join(path), scramble: false }
    }

    /// Reads every payload with the aggregates `A`, and writes its value if `UPDATE_CORPUS` asks for that.
    ///
    /// # Panics
    /// When [`run`](Self::run) fails, with its message.
    #[track_caller]
    pub fn check<A: Aggregates>(&self) {
        let update = Update::by(VARIABLE).map_err(|error| self.only(Cause::Update(error)));
        if let Err(error) = update.and_then(|update| self.run::<A>(update)) {
            panic!("\n\n{error}\n\n");
        }
    }

    /// Reads every payload with the aggregates `A`, and with [`Update::New`] writes the value of each.
    ///
    /// # Errors
    /// [`CorpusError`] with everything that is wrong.
    pub fn run<A: Aggregates>(&self, update: Update) -> Result<(), CorpusError> {
        let written = self.path.join(VERSIONS);
        let before = versions(&written).map_err(|cause| Self::at(&written, cause))?;
        let readers = readers::readers::<A>();
        let mut run = Run { readers, update, before, kept: Vec::new(), findings: Vec::new() };
        run.corpus(&self.path);
        run.gaps(&self.path);
        if update != Update::Nothing && !run.kept.is_empty() {
            run.write_versions(&written);
        }
        let mut findings = run.findings;
        findings.sort_by(|one, other| one.path.cmp(&other.path));
        if findings.is_empty() { Ok(()) } else { Err(CorpusError { findings }) }
    }

    fn only(&self, cause: Cause) -> CorpusError {
        Self::at(&self.path, cause)
    }

    fn at(path: &Path, cause: Cause) -> CorpusError {
        CorpusError { findings: vec![Finding { path: path.to_owned(), cause }] }
    }
}

struct Run {
    readers: Vec<Reader>,
    update: Update,
    /// By event, the schema version in which its values were written.
    before: BTreeMap<String, SchemaVersion>,
    /// The names and schema versions that have a payload.
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
        let text = format!("{today}\n");
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
        let read = Json::read(before.as_bytes());
        if read.as_ref().is_ok_and(|before| *before == today) {
            return Ok(());
        }
        if self.update != Update::Nothing {
            return fs::write(now, text).map_err(Cause::File);
        }
        let before = read?;
        if self.explains(name, &before, &today) {
            return Ok(());
        }
        Err(Cause::Changed { diff: diff(&format!("{before}\n"), &text) })
    }

    /// Whether a raised schema version explains the change: whether it turns the value `before` into the value of today.
    fn explains(&self, name: &str, before: &Json, today: &Json) -> bool {
        let newest = readers::versions(&self.readers);
        let written = |event: &str| self.before.get(event).copied();
        if newest.keys().any(|event| written(event).is_some()) {
            let again = readers::again(&self.readers, name, before, &written);
            return again.is_some_and(|again| again == *today);
        }
        // The schema version of the reading is not known. It is not today's if the reading does not come back unchanged; then any older
        // schema version may explain it.
        let as_today = |event: &str| newest.get(event).copied();
        if readers::again(&self.readers, name, before, &as_today).is_some_and(|again| again == *before) {
            return false;
        }
        let most = newest.values().map(|version| version.get()).max().unwrap_or(1);
        (1..most).filter_map(SchemaVersion::new).any(|version| {
            let older = |event: &str| newest.get(event).map(|newest| version.min(*newest));
            readers::again(&self.readers, name, before, &older).is_some_and(|again| again == *today)
        })
    }

    /// Writes the current schema version of each event.
    fn write_versions(&mut self, path: &Path) {
        let number = |version: SchemaVersion| version.get();
        let versions: BTreeMap<_, _> =
            readers::versions(&self.readers).into_iter().map(|(event, version)| (event, number(version))).collect();
        let written = serde_json::to_string_pretty(&versions).map_err(Cause::NotJson);
        if let Err(cause) = written.and_then(|text| fs::write(path, text + "\n").map_err(Cause::File)) {
            self.found(path, cause);
        }
    }

    /// Finds the schema versions without a payload.
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

    /// The entries of the folder `path`, by name, without hidden ones. A missing folder is empty.
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

/// Reads the schema versions in which values were written; empty if the file is missing.
fn versions(path: &Path) -> Result<BTreeMap<String, SchemaVersion>, Cause> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(Cause::File(error)),
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
