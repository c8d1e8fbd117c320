//! Everything that any crate says in its log, at every level.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::encodings::Encodings;

static CAPTURE: OnceLock<Capture> = OnceLock::new();

/// What was said, as far as it matters.
#[derive(Debug)]
pub(crate) struct Capture {
    encodings: Encodings,
    findings: Mutex<Findings>,
}

#[derive(Debug, Default)]
struct Findings {
    crates: BTreeSet<String>,
    /// How many statements with parameters the driver has logged.
    statements: usize,
    /// Which secret was said where, and one time that it was.
    secrets: BTreeMap<(&'static str, String), String>,
}

/// Listens to `log` and to `tracing`, for the whole process, from now on.
pub(crate) fn start(encodings: Encodings) -> &'static Capture {
    let capture = CAPTURE.get_or_init(|| Capture { encodings, findings: Mutex::default() });
    log::set_logger(&Listener).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Listener).unwrap();
    capture
}

impl Capture {
    /// Looks for secrets in what was said to `target`, a crate's module or a user's own print.
    pub(crate) fn search(&self, target: &str, text: &str) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.crates.insert(target.split("::").next().unwrap_or_default().to_owned());
        findings.statements += usize::from(text.contains("with parameters"));
        if let Some(secret) = self.encodings.in_text(text) {
            let excerpt: String = text.chars().take(600).collect();
            findings.secrets.entry((secret, target.to_owned())).or_insert(excerpt);
        }
    }

    /// Looks for secrets in an error and its sources, as they are displayed and as they are debugged.
    pub(crate) fn search_error(&self, what: &str, error: &(dyn std::error::Error + 'static)) {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.search(what, &format!("{error} {error:?} {error:#?}"));
            cause = error.source();
        }
    }

    /// What was said of secrets; panics when a crate was not heard that has to be.
    pub(crate) fn secrets(&self, crates: &[&str]) -> BTreeMap<(&'static str, String), String> {
        let findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        for name in crates {
            assert!(findings.crates.contains(*name), "nothing was heard of `{name}`: {:?}", findings.crates);
        }
        assert!(findings.statements > 50, "the driver logged {} statements", findings.statements);
        findings.secrets.clone()
    }
}

struct Listener;

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(capture) = CAPTURE.get() {
            capture.search(record.target(), &record.args().to_string());
        }
    }

    fn flush(&self) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(String::new());
        span.record(&mut fields);
        if let Some(capture) = CAPTURE.get() {
            capture.search(span.metadata().target(), &fields.0);
        }
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        if let Some(capture) = CAPTURE.get() {
            capture.search("a span", &fields.0);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        if let Some(capture) = CAPTURE.get() {
            capture.search(event.metadata().target(), &fields.0);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
