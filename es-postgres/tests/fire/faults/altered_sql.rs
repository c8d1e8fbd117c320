//! Statements and functions of the log, altered to break a promise: what the tests of them are there to catch.

use tokio_postgres::Client;

/// One part of a text, and what is put in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) part: &'static str,
    pub(crate) instead: &'static str,
}

/// `part` becomes `instead`.
pub(crate) const fn change(part: &'static str, instead: &'static str) -> Change {
    Change { part, instead }
}

impl Change {
    /// Nothing is altered.
    pub(crate) const NONE: Self = change("", "");

    /// `text` with this change.
    pub(crate) fn of(self, text: &str) -> String {
        let Self { part, instead } = self;
        assert!(text.contains(part), "`{part}` is no longer in `{text}`");
        if part.is_empty() { text.to_owned() } else { text.replacen(part, instead, 1) }
    }

    /// The same in a function of the database of `client`.
    pub(crate) async fn in_function(self, client: &Client, name: &str) {
        let definition = "SELECT pg_get_functiondef($1::text::regproc)";
        let definition: String = client.query_one(definition, &[&name]).await.unwrap().get(0);
        client.batch_execute(&self.of(&definition)).await.unwrap();
    }
}
