//! The lock: a committed text that holds every shape of every stored event, and the check that compares a program with
//! it.

use std::{
    env, fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

mod advice;
mod advice_text;
mod compare;
mod compatibility;
pub mod contents;
mod convert;
mod error;
#[cfg(feature = "schema")]
mod json_schema;
mod json_type;
mod json_type_parser;
mod observe;
mod overwrite;
mod read;
mod report;
mod rust_type;
#[cfg(feature = "schema")]
mod samples;
mod token;
#[cfg(feature = "schema")]
mod traced_type;
#[cfg(feature = "schema")]
mod tracer;
mod types;
mod update;
mod write;

#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use advice_text::ADVISED;
pub use error::LockError;
pub use update::Update;

use contents::{Contents, Unreadable};
use es_core::schema::Aggregates;
use observe::Observed;

/// A committed text file that holds every shape of every stored event.
///
/// One test compares it with the aggregates of the program. An event that was changed without a new schema version, or
/// that can no longer be read, fails it; the message shows the shape before and after, and what to write.
///
/// ```no_run
/// # use es_core::Aggregate;
/// # use es_schema as schema;
/// # fn test<Account: Aggregate, Order: Aggregate>() {
/// schema::Lock::new("events.lock").check::<(Account, Order)>();
/// # }
/// ```
///
/// [`lock!`](crate::lock!) writes that test. [`contents`](Self::contents) gives the lock to a tool, as data.
///
/// # What it sees
/// For each category the events its streams can hold, for each event its former names and, in every schema version, the
/// stored keys with their types as written, `serde(default)`, `serde(flatten)`, `serde(with)` and `serde(alias)`, and
/// `serde(deny_unknown_fields)` and `serde(tag)` on the struct. For each category also the type of its ids and what they
/// print; of ids that are not read from text (`FromStr`) only the type is watched. With the feature `schema` also what
/// is inside those types that derive `JsonSchema`, and what the function of a `with` asks for.
///
/// Two shapes are compared by what they accept: everything that the old one could write has to be read by the new one
/// with the same meaning. `Box<T>` for `T`, another kind of map and a wider integer are therefore no change. If the
/// older release cannot read everything that the newer one writes, the lock says so: it fails at such an event while
/// both run. Without the feature `schema` this holds for the types of the standard library; a type of the application
/// is then known by its name only, so that a renamed one counts as changed and a changed body is not seen.
///
/// The lock does not see the values of `default` and `with`, or what a `try_from` or `Deserialize` of the application
/// refuses beyond a few samples (of a text `""`, `1`, `a` and a nil UUID; of a whole number its bounds, 0 and 1). Use
/// a corpus for these. It also does not see whether `skip_serializing_if` leaves a key out.
///
/// serde buffers the variants of an untagged enum, the fields beside an internal tag, and a struct with
/// `serde(flatten)`. In these the lock sees no aliases. serde's buffer holds no number above 64 bits and no map key
/// that is a number. An append refuses such values, but the lock does not find those that were stored before the type
/// changed.
///
/// The lock does not contain feeds. A feed reads the events of the aggregates that it names, and an event that none of
/// them holds does not compile. A retired event reaches the feed as its successors.
///
/// # Reminders
/// While the package has an `events.lock`, each aggregate of its sources that is not in it fails a unit test, which
/// `derive(Aggregate)` writes. Aggregates in modules called `tests` and in the package's `tests/` are left alone. A
/// package that has no `events.lock` is never reminded.
///
/// # Writing it
/// `UPDATE_EVENTS_LOCK=1 cargo test` writes what is new, and refuses what breaks a promise.
/// `OVERWRITE_EVENT=account.deposited` replaces the history of that event only, for an event that was never stored in
/// the locked shape. Separate several names by commas. Without a variable nothing is written.
#[derive(Clone, Debug)]
pub struct Lock {
    path: PathBuf,
    /// The events whose history is replaced.
    overwritten: Vec<String>,
}

impl Lock {
    /// The lock at `path`, which is relative to the package under test: to `CARGO_MANIFEST_DIR` as `cargo test` and
    /// nextest set it, else to the current directory.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self::of_package("", path)
    }

    /// The lock at `path`, where a test that cargo does not run, but a debugger, was built in `package`.
    #[doc(hidden)]
    pub fn of_package(package: &str, path: impl AsRef<Path>) -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| package.into(), PathBuf::from);
        Self { path: package.join(path), overwritten: Vec::new() }
    }

    /// Replaces the history of these events at the next run; all others stay. `id of account` names the ids of the
    /// category `account`.
    #[must_use]
    pub fn overwriting<N: Into<String>>(mut self, events: impl IntoIterator<Item = N>) -> Self {
        self.overwritten.extend(events.into_iter().map(Into::into));
        self
    }

    /// Compares the lock with the aggregates `A`, and writes it as far as `UPDATE_EVENTS_LOCK` and `OVERWRITE_EVENT` ask
    /// for that.
    ///
    /// # Panics
    /// When [`run`](Self::run) fails, with its message.
    #[track_caller]
    pub fn check<A: Aggregates>(&self) {
        let run = Update::asked().and_then(|update| {
            let lock = self.clone().overwriting(update::overwritten()?);
            lock.compare(observed::<A>()?, update)
        });
        let report = run.and_then(|change| self.report(&change));
        if let Err(error) = report {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            panic!("\n\n{error}{cause}\n\n");
        }
    }

    /// Compares the lock with the aggregates `A`, and writes as much as `update` allows.
    ///
    /// # Errors
    /// [`LockError`]: a promise is not kept, the lock is not up to date, or it cannot be read or written.
    pub fn run<A: Aggregates>(&self, update: Update) -> Result<(), LockError> {
        self.compare(observed::<A>()?, update).map(drop)
    }

    /// What the lock holds, as data: for tools that look at what is stored without the program that wrote it.
    ///
    /// ```no_run
    /// # use es_schema::Lock;
    /// for (category, events) in Lock::new("events.lock").contents()?.streams {
    ///     println!("{category}: {} events", events.len());
    /// }
    /// # Ok::<(), es_schema::LockError>(())
    /// ```
    ///
    /// # Errors
    /// [`LockError::Missing`] without the file, [`LockError::Unreadable`] when it does not hold a lock's text, and
    /// [`LockError::File`] when it cannot be read.
    pub fn contents(&self) -> Result<Contents, LockError> {
        match self.text()? {
            Some(text) => self.read(&text),
            None => Err(LockError::Missing { path: self.path.clone(), opaque: Vec::new() }),
        }
    }

    fn compare(&self, observed: Observed, update: Update) -> Result<LockChange, LockError> {
        let Observed { contents: current, opaque } = observed;
        let opaque: Vec<_> = opaque.into_iter().collect();
        let Some(text) = self.text()? else {
            if update == Update::Nothing {
                return Err(LockError::Missing { path: self.path.clone(), opaque });
            }
            self.write(&current)?;
            return Ok(LockChange::First { opaque });
        };
        let mut locked = self.read(&text)?;
        let mut change = LockChange::Unchanged;
        let current = types::keep(&locked, current);
        if !self.overwritten.is_empty() {
            let before = locked.to_string();
            overwrite::overwrite(&mut locked, &current, &self.overwritten);
            if locked.to_string() != before {
                self.write(&locked)?;
                change = LockChange::Updated;
            }
        }
        let difference = compare::compare(&locked, &current);
        if update == Update::Nothing || !difference.incompatibilities.is_empty() {
            return LockError::of(&self.path, difference).map(|()| change);
        }
        // A check-out may have other line endings than the written text.
        if text.lines().eq(current.to_string().lines()) {
            return Ok(change);
        }
        self.write(&current)?;
        Ok(LockChange::Updated)
    }

    /// Reports what was written, on stderr directly: captured test output would hide it from the developer.
    fn report(&self, change: &LockChange) -> Result<(), LockError> {
        let path = self.path.display();
        let printed = match change {
            LockChange::Unchanged => return Ok(()),
            LockChange::Updated => writeln!(io::stderr(), "wrote `{path}`; commit it"),
            LockChange::First { opaque } => {
                writeln!(io::stderr(), "wrote `{path}`; commit it{}", error::blind_spots(opaque))
            }
        };
        printed.map_err(|source| self.file(source))
    }

    fn text(&self) -> Result<Option<String>, LockError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.file(source)),
        };
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(LockError::Unreadable { path: self.path.clone(), line: 1, what: read::BYTE_ORDER_MARK });
        }
        String::from_utf8(bytes).map(Some).map_err(|error| self.file(io::Error::new(ErrorKind::InvalidData, error)))
    }

    fn read(&self, text: &str) -> Result<Contents, LockError> {
        text.parse().map_err(|Unreadable { line, what }| LockError::Unreadable { path: self.path.clone(), line, what })
    }

    fn write(&self, contents: &Contents) -> Result<(), LockError> {
        fs::write(&self.path, contents.to_string()).map_err(|source| self.file(source))
    }

    fn file(&self, source: io::Error) -> LockError {
        LockError::File { path: self.path.clone(), source }
    }
}

/// How a check changed the file.
enum LockChange {
    Unchanged,
    Updated,
    /// The file is new.
    First {
        /// The types whose inside it does not contain.
        opaque: Vec<String>,
    },
}

fn observed<A: Aggregates>() -> Result<Observed, LockError> {
    observe::observe::<A>().map_err(LockError::name_clash)
}

/// Writes the test that compares `events.lock` with the aggregates it is given.
///
/// ```
/// # use es_schema as schema;
/// # mod account { pub struct Account; } mod order { pub struct Order; }
/// # use {account::Account, order::Order};
/// schema::lock!(Account, Order);
/// ```
///
/// Another file is named in front: `lock!("orders.lock"; Order)`. See [`Lock`](crate::Lock).
#[macro_export]
macro_rules! lock {
    ($path:literal; $($aggregate:ty),+ $(,)?) => {
        #[test]
        fn every_stored_event_stays_readable() {
            // A type of its own accepts any number of aggregates.
            struct Listed;
            impl $crate::Aggregates for Listed {
                fn visit(visit: &mut impl $crate::VisitAggregate) {
                    $(<$aggregate as $crate::Aggregates>::visit(visit);)+
                }
            }
            $crate::Lock::of_package(::core::env!("CARGO_MANIFEST_DIR"), $path).check::<Listed>();
        }
    };
    ($($aggregate:ty),+ $(,)?) => { $crate::lock!("events.lock"; $($aggregate),+); };
}
