//! Alters the log's SQL statements and functions so that they break a promise, which the tests must catch.

use tokio_postgres::Client;

/// A part of a text, and its replacement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) part: &'static str,
    pub(crate) instead: &'static str,
}

/// Replaces `part` by `instead`.
pub(crate) const fn change(part: &'static str, instead: &'static str) -> Change {
    Change { part, instead }
}

impl Change {
    /// Alters nothing.
    pub(crate) const NONE: Self = change("", "");

    /// Applies this change to `text`.
    pub(crate) fn of(self, text: &str) -> String {
        let Self { part, instead } = self;
        assert!(text.contains(part), "`{part}` is no longer in `{text}`");
        if part.is_empty() { text.to_owned() } else { text.replacen(part, instead, 1) }
    }

    /// Applies this change to a function of the database of `client`.
    pub(crate) async fn in_function(self, client: &Client, name: &str) {
        let definition = "SELECT pg_get_functiondef($1::text::regproc)";
        let definition: String = client.query_one(definition, &[&name]).await.unwrap().get(0);
        client.batch_execute(&self.of(&definition)).await.unwrap();
    }
}
