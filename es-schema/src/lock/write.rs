//! Writes a lock as text: one line a schema version, everything sorted, so that a diff shows each change.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use es_core::schema::ID_SAMPLES;

use super::{
    contents::{Contents, Entry, History, Id, Layout, Named, OPEN, Standing},
    token,
    types::DefinitionTable,
};

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", token::HEADER)?;
        for (category, events) in &self.streams {
            writeln!(f, "\nstream {}", token::name(category))?;
            if let Some(id) = self.ids.get(category) {
                writeln!(f, "  {id}")?;
            }
            for (event, standing) in events {
                let retired = if *standing == Standing::Retired { token::RETIRED } else { "" };
                writeln!(f, "  {}{retired}", token::name(event))?;
            }
        }
        let mut table = DefinitionTable::default();
        for (event, history) in &self.events {
            writeln!(f, "\nevent {}", token::name(event))?;
            write_history(f, history)?;
            for (key, up_to, node) in table.lines(history) {
                writeln!(f, "{}{}{}{}{node}", token::WHERE, token::path(&key), end(up_to), token::IS)?;
            }
        }
        for (name, definition) in &table.definitions {
            writeln!(f, "\ntype {}", token::name(name))?;
            for line in definition.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", token::ID, token::path(&self.ty))?;
        let Some(prints) = &self.prints else { return f.write_str(token::TYPE_ONLY) };
        for (at, (sample, printed)) in ID_SAMPLES.iter().zip(prints).enumerate() {
            write!(f, "{}{sample} ", if at == 0 { token::PRINTS } else { ", " })?;
            match printed {
                Some(text) => write!(f, "as {}", serde_json::Value::from(text.as_str()))?,
                None => f.write_str(token::REFUSED)?,
            }
        }
        Ok(())
    }
}

/// The suffix with the last schema version, if there is one.
fn end(up_to: u32) -> String {
    if up_to == OPEN { String::new() } else { format!("{}{up_to}", token::UP_TO) }
}

fn write_history(f: &mut fmt::Formatter<'_>, history: &History) -> fmt::Result {
    for (alias, up_to) in &history.aliases {
        writeln!(f, "  also {} up to {up_to}", token::name(alias))?;
    }
    let mut before: Option<&Layout> = None;
    for (version, layout) in &history.layouts {
        match (before, layout) {
            (Some(before), layout) if before == layout => writeln!(f, "  {version}: {}", token::UNCHANGED)?,
            (Some(Layout::Named(before)), Layout::Named(layout)) => {
                writeln!(f, "  {version}: {}", steps(before, layout).join(", "))?;
            }
            _ => writeln!(f, "  {version}: {layout}")?,
        }
        before = Some(layout);
    }
    for (up_to, words) in &history.words {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let words = if words.is_empty() { token::NO_WORDS.to_owned() } else { words.join(", ") };
        writeln!(f, "  {}{words}{}", token::SERDE, end(*up_to))?;
    }
    Ok(())
}

/// The removed and the added fields.
fn steps(before: &Named, after: &Named) -> Vec<String> {
    let lacks = |named: &Named, key: &str, entry: &Entry| named.keyed.get(key) != Some(entry);
    let mut steps = Vec::new();
    steps
        .extend(before.keyed.iter().filter(|(key, entry)| lacks(after, key, entry)).map(|f| format!("- {}", keyed(f))));
    steps.extend(surplus(&before.flattened, &after.flattened).map(|entry| format!("- {}", flattened(entry))));
    steps
        .extend(after.keyed.iter().filter(|(key, entry)| lacks(before, key, entry)).map(|f| format!("+ {}", keyed(f))));
    steps.extend(surplus(&after.flattened, &before.flattened).map(|entry| format!("+ {}", flattened(entry))));
    steps
}

/// The entries of `entries` that are not among `taken`, each as often as it is missing there.
fn surplus<'a>(entries: &'a [Entry], taken: &[Entry]) -> impl Iterator<Item = &'a Entry> {
    let mut left = BTreeMap::new();
    for entry in taken {
        *left.entry(entry.clone()).or_insert(0_usize) += 1;
    }
    entries.iter().filter(move |entry| match left.get_mut(entry) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(named) if named.keyed.is_empty() && named.flattened.is_empty() => f.write_str(token::NO_FIELDS),
            Self::Named(named) => {
                let keyed = named.keyed.iter().map(keyed);
                f.write_str(&keyed.chain(named.flattened.iter().map(flattened)).collect::<Vec<_>>().join(", "))
            }
            Self::Tuple(entries) => match entries.as_slice() {
                [only] => write!(f, "({},)", unnamed(only)),
                entries => write!(f, "({})", entries.iter().map(unnamed).collect::<Vec<_>>().join(", ")),
            },
            Self::Newtype(entry) => write!(f, "({})", unnamed(entry)),
            Self::As(entry) => write!(f, "{}{}", token::AS, token::ty(&entry.ty)),
            Self::Unit => f.write_str(token::UNIT),
            Self::NotDescribed => f.write_str(token::NOT_DESCRIBED),
        }
    }
}

/// A field as written in a line.
pub(super) fn keyed((key, entry): (&String, &Entry)) -> String {
    let optional = if entry.optional { "?" } else { "" };
    format!("{}{optional}: {}{}", token::key(key), token::ty(&entry.ty), notes(entry))
}

fn flattened(entry: &Entry) -> String {
    format!("..{}{}", token::ty(&entry.ty), notes(entry))
}

fn unnamed(entry: &Entry) -> String {
    let optional = if entry.optional { "?" } else { "" };
    format!("{}{optional}{}", token::ty(&entry.ty), notes(entry))
}

fn notes(entry: &Entry) -> String {
    let with = entry.with.as_ref().map(|path| format!("{}{})", token::WITH, token::path(path)));
    let also = |keys: &BTreeSet<String>| {
        let keys: Vec<_> = keys.iter().map(|key| token::key(key).to_string()).collect();
        format!("{}{})", token::ALSO, keys.join(", "))
    };
    let also = (!entry.aliases.is_empty()).then(|| also(&entry.aliases));
    with.into_iter().chain(also).collect()
}
