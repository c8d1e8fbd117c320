//! What to write so that a changed shape keeps its promise: attributes, ready to paste.

use super::contents::{Entry, History, Layout, Named};

/// The steps from one shape to the next.
#[derive(Debug, Default)]
pub(super) struct Advice {
    /// What stands on the struct, besides its name and schema version.
    on_struct: Vec<String>,
    /// What stands on fields, by stored key or place.
    on_fields: Vec<(String, String)>,
    /// Why declared steps cannot say it, if they cannot.
    by_hand: Option<&'static str>,
    /// Whether it takes a schema version of its own.
    takes_version: bool,
}

/// How a payload of the shape `before` becomes one of `after`, which is that of schema version `version`.
pub(super) fn steps(before: &Layout, after: &Layout, version: u32) -> Advice {
    let mut advice = Advice::default();
    match (before, after) {
        (Layout::Named(before), Layout::Named(after)) => advice.named(before, after, version),
        (Layout::Tuple(before), Layout::Tuple(after)) if before.len() == after.len() => {
            let sorted = |entries: &[Entry]| {
                let mut entries = entries.to_vec();
                entries.sort();
                entries
            };
            if before != after && sorted(before) == sorted(after) {
                advice.by_hand = Some("a tuple is stored by place, and its fields changed places");
                return advice;
            }
            for (place, (before, after)) in before.iter().zip(after).enumerate() {
                advice.entry(&place.to_string(), before, after, version);
            }
        }
        (Layout::Newtype(before), Layout::Newtype(after)) => advice.entry("0", before, after, version),
        _ => advice.by_hand = Some("no declared step leads from the one to the other"),
    }
    advice
}

impl Advice {
    fn named(&mut self, before: &Named, after: &Named, version: u32) {
        let vanished: Vec<_> = before.keyed.iter().filter(|(key, _)| !after.keyed.contains_key(*key)).collect();
        let came: Vec<_> = after.keyed.iter().filter(|(key, _)| !before.keyed.contains_key(*key)).collect();
        let renamed: Vec<_> =
            vanished.iter().filter_map(|old| Some((*old, renamed(*old, &vanished, &came)?))).collect();
        for ((old, _), (new, _)) in &renamed {
            self.field(new, format!("#[event(renamed(in = {version}, from = {old:?}))]"));
        }
        for old in vanished.iter().filter(|old| renamed.iter().all(|(from, _)| from != *old)) {
            let (key, entry) = old;
            let serde = serde_of(entry, false);
            let ty = &entry.ty;
            self.takes_version = true;
            self.on_struct.push(format!("#[event(removed(in = {version}, name = {key:?}, type = {ty}{serde}))]"));
        }
        for new in came.iter().filter(|new| renamed.iter().all(|(_, to)| to != *new)) {
            let (key, entry) = new;
            self.field(key, format!("#[event(added(in = {version}, default = {}))]", default_of(&entry.ty)));
        }
        for (key, before) in &before.keyed {
            if let Some(after) = after.keyed.get(key) {
                self.entry(key, before, after, version);
            }
        }
        let gone: Vec<_> = before.flattened.iter().filter(|entry| !after.flattened.contains(entry)).collect();
        let new: Vec<_> = after.flattened.iter().filter(|entry| !before.flattened.contains(entry)).collect();
        match (gone.as_slice(), new.as_slice()) {
            ([old], [new]) if before.flattened.len() == after.flattened.len() => {
                let (ty, serde) = (&old.ty, serde_of(old, true));
                let step = format!("#[event(changed(in = {version}, from = {ty}, with = From::from{serde}))]");
                self.field(&format!("..{}", new.ty), step);
            }
            ([], []) if before.flattened.len() == after.flattened.len() => {}
            _ => self.by_hand = Some("what is flattened into it is no longer the same"),
        }
    }

    /// A field that stayed where it was.
    fn entry(&mut self, field: &str, before: &Entry, after: &Entry, version: u32) {
        for alias in before.aliases.difference(&after.aliases) {
            self.on_fields.push((field.to_owned(), format!("#[serde(alias = {alias:?})]")));
        }
        let stored = Entry { aliases: after.aliases.clone(), ..before.clone() };
        if !after.reads(&stored) {
            let with = if before.ty == after.ty { "::core::convert::identity" } else { "From::from" };
            let (ty, serde) = (&before.ty, serde_of(before, false));
            self.field(field, format!("#[event(changed(in = {version}, from = {ty}, with = {with}{serde}))]"));
        }
    }

    fn field(&mut self, field: &str, attribute: String) {
        self.takes_version = true;
        self.on_fields.push((field.to_owned(), attribute));
    }

    /// The attributes, for the event `name`, which is `today` and gets schema version `raised` if it takes one.
    pub(super) fn text(&self, name: &str, today: &History, raised: Option<u32>) -> String {
        if let Some(why) = self.by_hand {
            return by_hand(why, name, today, raised);
        }
        let header = raised.filter(|_| self.takes_version).map(|version| event(name, today, version, ""));
        let on_struct = header.iter().chain(&self.on_struct).map(|attribute| ("the struct".to_owned(), attribute));
        let on_fields = self.on_fields.iter().map(|(field, attribute)| (format!("`{field}`"), attribute));
        let mut lines = Vec::new();
        let mut last = String::new();
        for (place, attribute) in on_struct.chain(on_fields) {
            if place != last {
                lines.push(format!("    on {place}\n"));
            }
            lines.push(format!("        {attribute}\n"));
            last = place;
        }
        lines.concat()
    }
}

/// `#[event(…)]` of the event `name`, with `more` behind it.
pub(super) fn event(name: &str, today: &History, version: u32, more: &str) -> String {
    let alias = |(alias, up_to): (&String, &u32)| format!(", alias({alias:?}, up_to = {up_to})");
    let aliases: String = today.aliases.iter().map(alias).collect();
    format!("#[event(name = {name:?}, version = {version}{aliases}{more})]")
}

/// A name for a Rust type out of a stored name: `account.deposited` is `Deposited`.
pub(super) fn type_of(name: &str) -> String {
    let last = name.rsplit(['.', ':', '/']).next().unwrap_or(name);
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    let words = last.split(|letter: char| !letter.is_alphanumeric()).filter_map(capital);
    let name: String = words.collect();
    if name.is_empty() { "Event".to_owned() } else { name }
}

fn by_hand(why: &str, name: &str, today: &History, raised: Option<u32>) -> String {
    let ty = type_of(name);
    let newest = raised.unwrap_or_else(|| today.newest());
    let old = newest.saturating_sub(1).max(1);
    let previous = event(name, today, newest, &format!(", previous = v{old}::{ty}"));
    format!(
        "    {why}: put the fields back, or keep the struct as it was beside today's\n        \
         mod v{old} {{ #[event(name = {name:?}, version = {old})] pub struct {ty} … }}\n        \
         {previous}\n        \
         impl From<v{old}::{ty}> for {ty} {{ … }}\n"
    )
}

/// The field of `came` that `old` seems to be today.
fn renamed<'a>(
    old: (&String, &Entry),
    vanished: &[(&String, &Entry)],
    came: &[(&'a String, &'a Entry)],
) -> Option<(&'a String, &'a Entry)> {
    if let Some(new) = came.iter().find(|(_, entry)| entry.aliases.contains(old.0)) {
        return Some(*new);
    }
    let alike = |one: &Entry, other: &Entry| Entry { aliases: one.aliases.clone(), ..other.clone() } == *one;
    let mut candidates = came.iter().filter(|(_, entry)| alike(entry, old.1));
    let only = candidates.next().filter(|_| candidates.next().is_none())?;
    (vanished.iter().filter(|(_, entry)| alike(entry, only.1)).count() == 1).then_some(*only)
}

/// The serde attributes that a step to an older shape brings along, for a field that is `flattened` or not.
pub(super) fn serde_of(entry: &Entry, flattened: bool) -> String {
    let flatten = flattened.then(|| "flatten".to_owned());
    let default = entry.optional.then(|| "default".to_owned());
    let with = entry.with.as_ref().map(|path| format!("with = {path:?}"));
    let words: Vec<_> = flatten.into_iter().chain(default).chain(with).collect();
    if words.is_empty() { String::new() } else { format!(", serde({})", words.join(", ")) }
}

fn default_of(ty: &str) -> &'static str {
    match ty {
        "String" => "String::new()",
        "bool" => "false",
        "f32" | "f64" => "0.0",
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "0",
        _ if ty.starts_with("Option<") => "None",
        _ if ty.starts_with("Vec<") => "Vec::new()",
        _ => "Default::default()",
    }
}
