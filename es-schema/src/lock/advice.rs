//! Writes the attributes that make a changed shape readable again, ready to paste.

use std::collections::BTreeSet;

use super::{
    advice_text::{
        ADDED, ALIAS, CHANGED, EVENT, FLATTENED, FROM_OLD, KEEP_EVENT, KEEP_TYPE, KEEP_WITH, MODULE, NO_STEP, PLACES,
        REMOVED, RENAMED, SAME_NAME, WRITE_STEP,
    },
    contents::{Entry, History, Layout, Named},
    convert::convert,
    rust_type::plain,
    types,
};

/// The steps from one shape to the next.
#[derive(Debug, Default)]
pub(super) struct Advice {
    /// Attributes on the struct, besides its name and schema version.
    on_struct: Vec<String>,
    /// Attributes on fields, by stored key or place.
    on_fields: Vec<(String, String)>,
    /// Old types and functions to keep under another name, and conversions to write.
    kept: BTreeSet<String>,
    /// Why declared steps cannot express the change, if they cannot.
    by_hand: Option<&'static str>,
    /// Whether to print steps that are not needed to read stored events, because they were declared before.
    declared: bool,
    /// Whether it needs a schema version of its own.
    takes_version: bool,
}

/// The steps that turn a payload of the shape `before` into one of `after`, the shape of schema version `version`.
pub(super) fn steps(before: &Layout, after: &Layout, version: u32) -> Advice {
    between(before, after, version, Advice::default())
}

/// The steps that were declared between two shapes of history.
pub(super) fn declared(before: &Layout, after: &Layout, version: u32) -> Advice {
    between(before, after, version, Advice { declared: true, ..Advice::default() })
}

fn between(before: &Layout, after: &Layout, version: u32, mut advice: Advice) -> Advice {
    match (before, after) {
        (Layout::Named(before), Layout::Named(after)) => advice.named(before, after, version),
        (Layout::Tuple(before), Layout::Tuple(after)) if before.len() == after.len() => {
            let sorted = |entries: &[Entry]| {
                let mut entries = entries.to_vec();
                entries.sort();
                entries
            };
            if before != after && sorted(before) == sorted(after) {
                advice.by_hand = Some(PLACES);
                return advice;
            }
            for (place, (before, after)) in before.iter().zip(after).enumerate() {
                advice.entry(&place.to_string(), before, after, version);
            }
        }
        (Layout::Newtype(before), Layout::Newtype(after)) => advice.entry("0", before, after, version),
        _ => advice.by_hand = Some(NO_STEP),
    }
    advice
}

impl Advice {
    fn named(&mut self, before: &Named, after: &Named, version: u32) {
        let vanished: Vec<_> = before.keyed.iter().filter(|(key, _)| !after.keyed.contains_key(*key)).collect();
        let came: Vec<_> = after.keyed.iter().filter(|(key, _)| !before.keyed.contains_key(*key)).collect();
        let renamed: Vec<_> =
            vanished.iter().filter_map(|old| Some((*old, renamed(*old, &vanished, &came)?))).collect();
        for ((old, before), (new, after)) in &renamed {
            // A field that also had aliases, or another type, needs a `changed` step with a name.
            let renamed = before.aliases.is_empty() && before.with == after.with && after.reads(before);
            if renamed {
                self.field(new, format!("{RENAMED}{version}, from = {old:?}))]"));
            } else {
                self.changed(new, before, after, version, &format!(", name = {old:?}"), &serde_of(before, false, true));
            }
        }
        for old in vanished.iter().filter(|old| renamed.iter().all(|(from, _)| from != *old)) {
            let (key, entry) = old;
            let serde = serde_of(entry, false, true);
            let ty = &entry.ty;
            self.takes_version = true;
            self.on_struct.push(format!("{REMOVED}{version}, name = {key:?}, type = {ty}{serde}))]"));
        }
        for new in came.iter().filter(|new| renamed.iter().all(|(_, to)| to != *new)) {
            let (key, entry) = new;
            self.field(key, format!("{ADDED}{version}, default = {}))]", default_of(&entry.ty)));
        }
        for (key, before) in &before.keyed {
            if let Some(after) = after.keyed.get(key) {
                self.entry(key, before, after, version);
            }
        }
        let gone: Vec<_> =
            before.flattened.iter().filter(|entry| !after.flattened.iter().any(|after| after.reads(entry))).collect();
        let new: Vec<_> =
            after.flattened.iter().filter(|entry| !before.flattened.iter().any(|before| entry.reads(before))).collect();
        match (gone.as_slice(), new.as_slice()) {
            ([old], [new]) if before.flattened.len() == after.flattened.len() => {
                self.changed(&format!("..{}", new.ty), old, new, version, "", &serde_of(old, true, false));
            }
            ([], []) if before.flattened.len() == after.flattened.len() => {}
            _ => self.by_hand = Some(FLATTENED),
        }
    }

    /// Adds the advice for a field that kept its key or place.
    fn entry(&mut self, field: &str, before: &Entry, after: &Entry, version: u32) {
        for alias in before.aliases.difference(&after.aliases) {
            self.on_fields.push((field.to_owned(), format!("{ALIAS}{alias:?})]")));
        }
        let stored = Entry { aliases: after.aliases.clone(), ..before.clone() };
        if !after.reads(&stored) || self.declared && plain(&before.ty) != plain(&after.ty) {
            self.changed(field, before, after, version, "", &serde_of(before, false, false));
        }
    }

    /// Adds the advice for a field with another type, or with a type whose shape changed.
    fn changed(&mut self, field: &str, before: &Entry, after: &Entry, version: u32, name: &str, serde: &str) {
        let mut from = before.ty.clone();
        if !after.reads_type(before) && before.with == after.with {
            let changed = types::changed(before, after);
            let mut names: BTreeSet<String> =
                types::words(&before.ty).filter(|word| changed.contains(*word)).map(str::to_owned).collect();
            if names.is_empty() && plain(&before.ty) == plain(&after.ty) {
                names.extend(types::own(&before.ty).map(str::to_owned));
                if names.is_empty() && before.with.is_none() {
                    self.by_hand = Some(SAME_NAME);
                    return;
                }
            }
            from = types::kept(&before.ty, &names);
            self.kept.extend(
                names
                    .iter()
                    .map(|name| format!("keep `{name}` {KEEP_TYPE}{name}`, and write `impl From<Old{name}> for …`")),
            );
            if let (true, Some(path)) = (names.is_empty(), &before.with) {
                let kept = old_path(path);
                self.kept.insert(format!("{KEEP_WITH}{kept}`"));
                let serde = serde.replace(&format!("with = {path:?}"), &format!("with = {kept:?}"));
                let step =
                    format!("{CHANGED}{version}, from = {from}{name}, with = ::core::convert::identity{serde}))]");
                self.field(field, step);
                return;
            }
        }
        // A type that refuses values usually has a `TryFrom`, and then it cannot have a `From`.
        let led = convert(&from, &after.ty).filter(|_| from != before.ty || !after.refuses());
        let with = led.unwrap_or_else(|| {
            let name: String =
                field.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
            let name = format!("v{}_{name}", version.saturating_sub(1));
            self.kept.insert(format!("write `fn {name}(old: {from}) -> {}`, {WRITE_STEP}", after.ty));
            name
        });
        self.field(field, format!("{CHANGED}{version}, from = {from}{name}, with = {with}{serde}))]"));
    }

    fn field(&mut self, field: &str, attribute: String) {
        self.takes_version = true;
        self.on_fields.push((field.to_owned(), attribute));
    }

    /// The text of the advice for the event `name`, which is `today` and gets schema version `raised` if it needs one.
    pub(super) fn text(&self, name: &str, today: &History, raised: Option<u32>) -> String {
        if let Some(why) = self.by_hand {
            return by_hand(why, name, today, raised);
        }
        let header = raised.filter(|_| self.takes_version).map(|version| event(name, today, version, ""));
        let on_struct = header.iter().chain(&self.on_struct).map(|attribute| ("the struct".to_owned(), attribute));
        let on_fields = self.on_fields.iter().map(|(field, attribute)| (format!("`{field}`"), attribute));
        let mut lines: Vec<_> = self.kept.iter().map(|kept| format!("    {kept}\n")).collect();
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

/// The attribute `#[event(…)]` of the event `name`, with `more` at its end.
pub(super) fn event(name: &str, today: &History, version: u32, more: &str) -> String {
    let alias = |(alias, up_to): (&String, &u32)| format!(", alias({alias:?}, up_to = {up_to})");
    let aliases: String = today.aliases.iter().map(alias).collect();
    format!("{EVENT}{name:?}, version = {version}{aliases}{more})]")
}

/// A Rust type name for a stored name: `Deposited` for `account.deposited`.
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
    let before = event(name, today, old, "");
    format!(
        "    {why}: {KEEP_EVENT}\n        \
         {MODULE}{old} {{ {before} pub struct {ty} … }}\n        \
         {previous}\n        \
         {FROM_OLD}{old}::{ty}> for {ty} {{ … }}\n"
    )
}

/// The field of `came` that `old` was probably renamed to.
fn renamed<'a>(
    old: (&String, &Entry),
    vanished: &[(&String, &Entry)],
    came: &[(&'a String, &'a Entry)],
) -> Option<(&'a String, &'a Entry)> {
    if let Some(new) = came.iter().find(|(_, entry)| entry.aliases.contains(old.0)) {
        return Some(*new);
    }
    let alike =
        |one: &Entry, other: &Entry| one.with == other.with && one.optional == other.optional && one.reads_type(other);
    let mut candidates = came.iter().filter(|(_, entry)| alike(entry, old.1));
    let only = candidates.next().filter(|_| candidates.next().is_none())?;
    (vanished.iter().filter(|(_, entry)| alike(entry, only.1)).count() == 1).then_some(*only)
}

/// The path of a module or function, with `old_` before its last segment.
fn old_path(path: &str) -> String {
    match path.rsplit_once("::") {
        Some((before, name)) => format!("{before}::old_{name}"),
        None => format!("old_{path}"),
    }
}

/// The serde attributes of a step to an older shape, for a field that is `flattened` or not. The aliases are included if
/// `named`, and are those of today otherwise.
fn serde_of(entry: &Entry, flattened: bool, named: bool) -> String {
    let flatten = flattened.then(|| "flatten".to_owned());
    let default = entry.optional.then(|| "default".to_owned());
    let with = entry.with.as_ref().map(|path| format!("with = {path:?}"));
    let aliases = entry.aliases.iter().filter(|_| named).map(|alias| format!("alias = {alias:?}"));
    let words: Vec<_> = flatten.into_iter().chain(default).chain(with).chain(aliases).collect();
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
