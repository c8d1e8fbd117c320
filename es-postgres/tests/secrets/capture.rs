//! Captures the log of every crate at every level, and searches it for secrets.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt::{Debug, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use crate::encodings::Encodings;

static CAPTURE: OnceLock<Capture> = OnceLock::new();

/// The captured output, reduced to the findings.
#[derive(Debug)]
pub(crate) struct Capture {
    encodings: Encodings,
    findings: Mutex<Findings>,
}

#[derive(Debug, Default)]
struct Findings {
    crates: BTreeSet<String>,
    /// The number of statements with parameters that the driver logged.
    statements: usize,
    /// Each secret found, by its name and the place, with one excerpt.
    secrets: BTreeMap<(&'static str, String), String>,
}

/// Captures `log` and `tracing` for the whole process, from now on.
pub(crate) fn start(encodings: Encodings) -> &'static Capture {
    let capture = CAPTURE.get_or_init(|| Capture { encodings, findings: Mutex::default() });
    log::set_logger(&Listener).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Listener).unwrap();
    capture
}

impl Capture {
    /// Searches `text` for secrets. `target` is the module that logged it, or the operation whose answer it is.
    pub(crate) fn search(&self, target: &str, text: &str) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.crates.insert(target.split("::").next().unwrap_or_default().to_owned());
        findings.statements += usize::from(text.contains("with parameters"));
        if let Some(secret) = self.encodings.in_text(text) {
            let excerpt: String = text.chars().take(600).collect();
            findings.secrets.entry((secret, target.to_owned())).or_insert(excerpt);
        }
    }

    /// Searches the `Display` and `Debug` output of an error and its sources.
    pub(crate) fn search_error(&self, what: &str, error: &(dyn Error + 'static)) {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.search(what, &format!("{error} {error:?} {error:#?}"));
            cause = error.source();
        }
    }

    /// The secrets found; panics if one of `crates` logged nothing.
    pub(crate) fn secrets(&self, crates: &[&str]) -> BTreeMap<(&'static str, String), String> {
        let findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        for name in crates {
            assert!(findings.crates.contains(*name), "`{name}` logged nothing: {:?}", findings.crates);
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
