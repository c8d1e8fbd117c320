//! What to write so that a changed shape keeps its promise: attributes, ready to paste.

use std::collections::BTreeSet;

use super::{
    advised::{
        ADDED, ALIAS, CHANGED, EVENT, FLATTENED, FROM_OLD, KEEP_EVENT, KEEP_TYPE, KEEP_WITH, MODULE, NO_STEP, PLACES,
        REMOVED, RENAMED, SAME_NAME, WRITE_STEP,
    },
    contents::{Entry, History, Layout, Named},
    convert::convert,
    types,
    written::plain,
};

/// The steps from one shape to the next.
#[derive(Debug, Default)]
pub(super) struct Advice {
    /// What stands on the struct, besides its name and schema version.
    on_struct: Vec<String>,
    /// What stands on fields, by stored key or place.
    on_fields: Vec<(String, String)>,
    /// What has to be kept under another name, and what leads from it to today's.
    kept: BTreeSet<String>,
    /// Why declared steps cannot say it, if they cannot.
    by_hand: Option<&'static str>,
    /// Whether a step is said although what it leads to would read what is stored: it was declared once.
    declared: bool,
    /// Whether it takes a schema version of its own.
    takes_version: bool,
}

/// How a payload of the shape `before` becomes one of `after`, which is that of schema version `version`.
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
            // a field that was read under other keys too, or as another type, is renamed by a step that says so
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

    /// A field that stayed where it was.
    fn entry(&mut self, field: &str, before: &Entry, after: &Entry, version: u32) {
        for alias in before.aliases.difference(&after.aliases) {
            self.on_fields.push((field.to_owned(), format!("{ALIAS}{alias:?})]")));
        }
        let stored = Entry { aliases: after.aliases.clone(), ..before.clone() };
        if !after.reads(&stored) || self.declared && plain(&before.ty) != plain(&after.ty) {
            self.changed(field, before, after, version, "", &serde_of(before, false, false));
        }
    }

    /// A field whose type is another, or whose type is no longer what it was.
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
        // a type that refuses values has a `TryFrom` as a rule, and then it can have no `From`
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

    /// The attributes, for the event `name`, which is `today` and gets schema version `raised` if it takes one.
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

/// `#[event(…)]` of the event `name`, with `more` behind it.
pub(super) fn event(name: &str, today: &History, version: u32, more: &str) -> String {
    let alias = |(alias, up_to): (&String, &u32)| format!(", alias({alias:?}, up_to = {up_to})");
    let aliases: String = today.aliases.iter().map(alias).collect();
    format!("{EVENT}{name:?}, version = {version}{aliases}{more})]")
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
    let before = event(name, today, old, "");
    format!(
        "    {why}: {KEEP_EVENT}\n        \
         {MODULE}{old} {{ {before} pub struct {ty} … }}\n        \
         {previous}\n        \
         {FROM_OLD}{old}::{ty}> for {ty} {{ … }}\n"
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
    let alike =
        |one: &Entry, other: &Entry| one.with == other.with && one.optional == other.optional && one.reads_type(other);
    let mut candidates = came.iter().filter(|(_, entry)| alike(entry, old.1));
    let only = candidates.next().filter(|_| candidates.next().is_none())?;
    (vanished.iter().filter(|(_, entry)| alike(entry, only.1)).count() == 1).then_some(*only)
}

/// The path of a module or function, with `old_` before its own name.
fn old_path(path: &str) -> String {
    match path.rsplit_once("::") {
        Some((before, name)) => format!("{before}::old_{name}"),
        None => format!("old_{path}"),
    }
}

/// The serde attributes that a step to an older shape brings along, for a field that is `flattened` or not, and whose
/// other keys are `named` there or are those of today.
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
