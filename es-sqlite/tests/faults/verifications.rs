//! Hears when the library verifies a file that it opens.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, Once, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

type Listener = Arc<dyn Fn() + Send + Sync>;

/// The listeners by the path of the file.
static LISTENERS: Mutex<Option<HashMap<String, Listener>>> = Mutex::new(None);

/// Calls `heard` whenever a verification of the file at `path` begins, on the thread that verifies it.
pub(crate) fn listen(path: &Path, heard: impl Fn() + Send + Sync + 'static) {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| tracing::subscriber::set_global_default(Ears).unwrap());
    let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
    listeners.get_or_insert_default().insert(path.display().to_string(), Arc::new(heard));
}

/// Receives what the library says.
struct Ears;

/// The texts of an event.
#[derive(Default)]
struct Texts {
    message: String,
    path: String,
}

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "path" => self.path = format!("{value:?}"),
            _ => {}
        }
    }
}

impl Subscriber for Ears {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("es_sqlite")
    }

    fn event(&self, event: &Event<'_>) {
        let mut texts = Texts::default();
        event.record(&mut texts);
        if !texts.message.starts_with("the file is verified") {
            return;
        }
        let listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = listeners.as_ref().and_then(|listeners| listeners.get(&texts.path).cloned());
        drop(listeners);
        if let Some(heard) = heard {
            heard();
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
