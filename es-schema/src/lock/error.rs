//! The errors of a check of a lock.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    compare::Difference,
    observe::NameClash,
    report,
    update::{OVERWRITE, VARIABLE},
};

/// The error of a check of a lock. Its `Display` is for the developer who changed an event: it names the stored events that are no
/// longer read with the same meaning, and what to write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// There is no lock yet.
    #[error("{}", missing(path, opaque))]
    Missing {
        /// The path of the lock.
        path: PathBuf,
        /// The types in payloads whose inside it will not contain.
        opaque: Vec<String>,
    },
    /// Stored events would no longer be read with the same meaning.
    #[error(
        "`{}`: stored events would no longer be read with the same meaning\n\n{report}",
        path.display()
    )]
    Incompatible {
        /// The lock.
        path: PathBuf,
        /// The stored events that changed, and what to write; the last line is the command that gives all of them up.
        report: String,
    },
    /// The lock does not contain all events yet.
    #[error("{}", outdated(path, news))]
    Outdated {
        /// The lock.
        path: PathBuf,
        /// What it does not contain.
        news: Vec<String>,
    },
    /// Two aggregates of the check have the same category.
    #[error(
        "two aggregates of this check have the category `{category}`, and one lock holds a category once\n\
         give each of them a lock of its own"
    )]
    CategoryTwice {
        /// The category.
        category: String,
    },
    /// Two events of different shapes are stored under one name.
    #[error(
        "two events are stored as `{name}`\n    in `{}`  {}\n    in `{}`  {}\n\
         give one of them another name, or, where both are stored, each aggregate a lock of its own",
        one.0, one.1, other.0, other.1
    )]
    NameTwice {
        /// The name.
        name: String,
        /// A category, and the shape of the event in it.
        one: (String, String),
        /// Another category, and the shape of the event there.
        other: (String, String),
    },
    /// The file does not hold a lock's text.
    #[error("line {line} of `{}` is not a line of a lock: {what}", path.display())]
    Unreadable {
        /// The lock.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The lock could not be read or written.
    #[error("`{}` could not be read or written", path.display())]
    File {
        /// The lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The variable that asks for an update has an unknown value.
    #[error(
        "`{variable}` takes `1`, to write what is new\nto give up the history of an event, name it:  \
         {OVERWRITE}=account.deposited cargo test"
    )]
    Variable {
        /// The variable.
        variable: &'static str,
    },
}

impl LockError {
    pub(super) fn name_clash(clash: NameClash) -> Self {
        match clash {
            NameClash::Category(category) => Self::CategoryTwice { category },
            NameClash::Name { name, one, other } => Self::NameTwice { name, one, other },
        }
    }

    /// The error for `difference` from the lock at `path`, if there is one.
    pub(super) fn of(path: &Path, difference: Difference) -> Result<(), Self> {
        let path = path.to_owned();
        let Difference { incompatibilities, news } = difference;
        if !incompatibilities.is_empty() {
            let messages = incompatibilities.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            let report = format!("{messages}\n{}\n", report::giving_up(&incompatibilities));
            return Err(Self::Incompatible { path, report });
        }
        if !news.is_empty() {
            return Err(Self::Outdated { path, news });
        }
        Ok(())
    }
}

fn missing(path: &Path, opaque: &[String]) -> String {
    format!(
        "there is no `{}` yet, so nothing holds stored events to their shapes\n    \
         write it:  {VARIABLE}=1 cargo test\n    and commit it{}",
        path.display(),
        blind_spots(opaque)
    )
}

/// The types whose inside a lock does not contain, on a line of their own.
pub(super) fn blind_spots(opaque: &[String]) -> String {
    if opaque.is_empty() {
        return String::new();
    }
    let types = opaque.iter().map(|ty| format!("`{ty}`")).collect::<Vec<_>>().join(", ");
    let remedy = if cfg!(feature = "schema") {
        "derive `JsonSchema` for them"
    } else {
        "turn on the feature `schema` of `es` and derive `JsonSchema` for them"
    };
    format!(
        "\nit sees the fields of each event and their types as written, and not what changes inside {types}; \
         for that, {remedy}"
    )
}

fn outdated(path: &Path, news: &[String]) -> String {
    let news = news.iter().map(|line| format!("    {line}\n")).collect::<Vec<_>>().concat();
    format!(
        "`{}` does not contain yet\n{news}stored events are not affected; update the lock:  {VARIABLE}=1 cargo test",
        path.display()
    )
}
