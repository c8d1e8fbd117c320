//! The name of the schema, and its insertion into SQL.

use es_core::StoreErrorKind;

use crate::server::error::impl_store_error;

/// Why a schema cannot have this name.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` cannot be the name of a schema: {why}")]
#[non_exhaustive]
pub struct PostgresSchemaNameError {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl PostgresSchemaNameError {
    /// Returns how the caller should react: another name has to be chosen first.
    ///
    /// ```
    /// use es_core::StoreErrorKind;
    /// use es_postgres::PostgresStore;
    ///
    /// let error = PostgresStore::migrations("pg_bank").unwrap_err();
    /// assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        StoreErrorKind::Misconfigured
    }
}

impl_store_error!(PostgresSchemaNameError);

/// The name of the schema that holds the log: any name that PostgreSQL takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaName(String);

impl Default for SchemaName {
    fn default() -> Self {
        Self("es".to_owned())
    }
}

impl SchemaName {
    pub(crate) fn new(name: &str) -> Result<Self, PostgresSchemaNameError> {
        let refused = |why| Err(PostgresSchemaNameError { name: name.to_owned(), why });
        match name {
            "" => refused("it is empty"),
            _ if name.len() > 63 => refused("it is longer than 63 bytes"),
            _ if name.contains('\0') => refused("it holds a NUL character"),
            _ if name.contains("$es$") => refused("it holds `$es$`, which ends the body of a function"),
            _ if name.starts_with("pg_") || name == "information_schema" => {
                refused("the name is reserved by the server")
            }
            _ => Ok(Self(name.to_owned())),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The notification channel on which processes wake each other.
    pub(crate) fn channel(&self) -> String {
        format!("es_{}", self.hash())
    }

    /// The key of the advisory lock for migrations.
    pub(crate) fn migration_lock(&self) -> i64 {
        self.hash().cast_signed()
    }

    /// Replaces the placeholders in `sql`, such as `{schema}`.
    pub(crate) fn render(&self, sql: &str) -> String {
        let mut rendered = String::with_capacity(sql.len() + 256);
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once('{') {
            rendered.push_str(before);
            let filled = after.split_once('}').and_then(|(word, rest)| Some((self.placeholder(word)?, rest)));
            let (text, behind) = filled.unwrap_or_else(|| ("{".to_owned(), after));
            rendered.push_str(&text);
            rest = behind;
        }
        rendered.push_str(rest);
        rendered
    }

    fn placeholder(&self, word: &str) -> Option<String> {
        // Numbers derived from the name keep the locks of two schemas in one database apart.
        let fence = (self.hash() >> 49) & 0x7fff;
        Some(match word {
            "schema" => quote_identifier(&self.0),
            "name" => quote_literal(&self.0),
            // The name of a table or sequence as a literal, for `::regclass`.
            "position" | "appending" | "announced" | "incarnations" => {
                quote_literal(&format!("{}.{word}", quote_identifier(&self.0)))
            }
            "fence" => fence.max(1).to_string(),
            "guard" => quote_literal(&format!("es.fenced_{}", self.hash())),
            "streams" => (self.hash() & 0x7fff_ffff).to_string(),
            _ => return None,
        })
    }

    fn hash(&self) -> u64 {
        es_core::stable_hash(&[self.0.as_bytes()])
    }
}

pub(crate) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(crate) fn quote_literal(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', "''"));
    // `E''` makes a backslash mean the same whatever `standard_conforming_strings` is.
    if text.contains('\\') { format!(" E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_quotes_is_quoted_as_identifier_and_inside_a_literal() {
        let name = SchemaName::new("we\"ird'{fence}").unwrap();
        assert_eq!(name.render("{schema}.x"), "\"we\"\"ird'{fence}\".x");
        assert_eq!(name.render("{position}"), "'\"we\"\"ird''{fence}\".position'");
    }

    #[test]
    fn braces_without_a_placeholder_stay() {
        let name = SchemaName::new("es").unwrap();
        assert_eq!(name.render("'{}' { {nothing} {schema}"), "'{}' { {nothing} \"es\"");
    }

    #[test]
    fn names_that_the_server_rejects_are_refused() {
        for name in ["", "a\0b", "pg_es", "information_schema", "a$es$b", &"x".repeat(64)] {
            assert!(SchemaName::new(name).is_err(), "{name:?}");
        }
        assert!(SchemaName::new(&"x".repeat(63)).is_ok());
    }
}
