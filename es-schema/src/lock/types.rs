//! Compares what fields accept, and names the definitions of a whole lock.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    compatibility,
    contents::{AcceptedType, Contents, Entry, History, OPEN},
    json_type::{Definitions, JsonType, RootType},
    rust_type::{self, plain},
};

impl Entry {
    /// Whether this field reads the stored values of `stored` with the same meaning.
    pub(super) fn reads(&self, stored: &Self) -> bool {
        (self.may_be_absent() || !stored.optional) && stored.aliases.is_subset(&self.aliases) && self.reads_type(stored)
    }

    /// Whether the type, or a type inside it, was seen to refuse values of the right form.
    pub(super) fn refuses(&self) -> bool {
        self.root().is_some_and(|root| {
            let mut reached = Vec::new();
            reach(&root.node, &root.definitions, &mut reached);
            let inside = reached.iter().filter_map(|name| root.definitions.get(name));
            inside.chain([&root.node]).any(JsonType::holds_refusals)
        })
    }

    /// Whether serde accepts a missing key: with `serde(default)`, or for a type written as `Option`.
    fn may_be_absent(&self) -> bool {
        let is_option = || matches!(self.text().node, JsonType::OneOf(nodes) if nodes.contains(&JsonType::Null));
        self.optional || (self.with.is_none() && is_option())
    }

    /// Whether both accept the same values.
    pub(super) fn is_same_type(&self, other: &Self) -> bool {
        match (self.root(), other.root()) {
            (Some(one), Some(other)) => compatibility::same(&one, &other),
            _ => compatibility::same(&self.text(), &other.text()),
        }
    }

    /// Whether the release before, which has `stored`, reads every value of this field.
    pub(super) fn is_read_before(&self, stored: &Self) -> bool {
        match (self.root(), stored.root()) {
            (Some(today), Some(before)) => compatibility::is_read_before(&today, &before),
            _ => compatibility::is_read_before(&self.text(), &stored.text()),
        }
    }

    /// Whether the inside of the type is known.
    pub(super) fn is_seen(&self) -> bool {
        self.root().is_some_and(|root| !matches!(root.node, JsonType::Unseen(_)))
    }

    /// Whether this type reads every value of `stored`.
    pub(super) fn reads_type(&self, stored: &Self) -> bool {
        let (Some(today), Some(before)) = (self.root(), stored.root()) else {
            return self.with == stored.with && compatibility::reads(&self.text(), &stored.text());
        };
        match (&before.node, &today.node) {
            _ if self.with.is_some() != stored.with.is_some() => false,
            (JsonType::Unseen(before), JsonType::Unseen(today)) => {
                let written = self.with == stored.with && self.is_written_as(stored);
                // A function that takes any value may do anything with it.
                let told = self.with.is_some() && **before != JsonType::Any && **today != JsonType::Any;
                (written || told) && compatibility::reads(&bare(today), &bare(before))
            }
            // The inside of the type is newly known: what was known before must agree with it.
            (JsonType::Unseen(before), _) => {
                // A plain value is compared directly, whatever its type was called.
                let is_plain = !matches!(**before, JsonType::Any)
                    && before.kind().is_some_and(|kind| !["list", "object"].contains(&kind));
                if is_plain && self.with.is_none() && !self.is_written_as(stored) {
                    return compatibility::reads(&today, &bare(before));
                }
                let asks = today.traced.as_deref();
                self.is_written_as(stored)
                    && **before != JsonType::Any
                    && asks.is_some_and(|asks| compatibility::same(&bare(asks), &bare(before)))
            }
            _ => compatibility::reads(&today, &before),
        }
    }

    /// Whether its type has the same name, or the name under which the advice keeps the old type.
    pub(super) fn is_written_as(&self, stored: &Self) -> bool {
        let (today, stored) = (plain(&self.ty), plain(&stored.ty));
        today == stored || today == kept(&stored, &own(&stored).map(str::to_owned).collect())
    }

    /// What the field accepts, if its inside is known or its text determines it.
    fn root(&self) -> Option<Rc<RootType>> {
        self.accepted.0.clone().or_else(|| {
            let text = self.text();
            (self.with.is_none() && rust_type::is_fully_known(&text.node)).then(|| Rc::new(text))
        })
    }

    /// What is known from the text of its type.
    pub(super) fn text(&self) -> RootType {
        bare(&rust_type::json_type(&self.ty))
    }
}

fn bare(node: &JsonType) -> RootType {
    RootType { node: node.clone(), definitions: Rc::default(), traced: None }
}

/// Whether the fields of `one` accept the same values as those of `other`.
pub(super) fn same(one: &History, other: &History) -> bool {
    one.layouts.values().zip(other.layouts.values()).all(|(one, other)| {
        let (one, other) = (one.entries(), other.entries());
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same_type(other))
    })
}

/// The contents to write in place of `locked`. A program without the feature `schema` keeps the types that the lock already
/// describes.
pub(super) fn keep(locked: &Contents, mut current: Contents) -> Contents {
    if cfg!(feature = "schema") {
        return current;
    }
    for (event, history) in &mut current.events {
        let Some(known) = locked.events.get(event) else { continue };
        for (version, layout) in &mut history.layouts {
            let Some(known) = known.layouts.get(version) else { continue };
            let roots: BTreeMap<_, _> =
                known.entries().iter().map(|entry| (entry.key(), entry.accepted.clone())).collect();
            layout.each_entry(|entry| entry.accepted = roots.get(&entry.key()).cloned().unwrap_or_default());
        }
    }
    current
}

/// The definitions of a whole lock, each under a unique name.
#[derive(Default)]
pub(super) struct DefinitionTable {
    pub(super) definitions: Definitions,
    /// The names, by the text of a definition and of all definitions that it refers to.
    names: BTreeMap<String, String>,
}

impl DefinitionTable {
    /// The `where` lines of `history`: the key, the last schema version, and what is accepted. Types that their text determines are
    /// left out.
    pub(super) fn lines(&mut self, history: &History) -> Vec<(String, u32, JsonType)> {
        let mut spans: BTreeMap<String, Vec<(u32, JsonType)>> = BTreeMap::new();
        for (version, layout) in &history.layouts {
            for entry in layout.entries() {
                let Some(root) = &entry.accepted.0 else { continue };
                let node = self.node(root);
                let spans = spans.entry(entry.key()).or_default();
                match spans.last_mut() {
                    Some((up_to, last)) if *last == node => *up_to = *version,
                    _ => spans.push((*version, node)),
                }
            }
        }
        let mut lines = Vec::new();
        for (key, spans) in spans {
            let only = spans.len() == 1;
            let count = spans.len();
            for (at, (up_to, node)) in spans.into_iter().enumerate() {
                let text = rust_type::json_type(&key);
                if !(only && node == text && rust_type::is_fully_known(&text)) {
                    lines.push((key.clone(), if at + 1 == count { OPEN } else { up_to }, node));
                }
            }
        }
        lines
    }

    /// The type of `root`, with the names of this table.
    fn node(&mut self, root: &RootType) -> JsonType {
        let mut reached = Vec::new();
        reach(&root.node, &root.definitions, &mut reached);
        let names: BTreeMap<String, String> =
            reached.iter().map(|name| (name.clone(), self.name(name, &root.definitions))).collect();
        let rename = |name: &str| names.get(name).cloned().unwrap_or_else(|| name.to_owned());
        for name in &reached {
            if let Some(definition) = root.definitions.get(name) {
                self.definitions.insert(rename(name), definition.renamed(&rename));
            }
        }
        root.node.renamed(&rename)
    }

    fn name(&mut self, name: &str, definitions: &Definitions) -> String {
        let mut reached = Vec::new();
        reach(&JsonType::Named(name.to_owned()), definitions, &mut reached);
        reached.sort();
        let text: String =
            reached.iter().filter_map(|name| Some(format!("{name} {}\n", definitions.get(name)?))).collect();
        let text = format!("{name}\n{text}");
        if let Some(known) = self.names.get(&text) {
            return known.clone();
        }
        let taken: BTreeSet<_> = self.names.values().cloned().collect();
        let free = (2..).map(|number| format!("{name}.{number}"));
        let given = std::iter::once(name.to_owned()).chain(free).find(|name| !taken.contains(name)).unwrap_or_default();
        self.names.insert(text, given.clone());
        given
    }
}

/// The names that `node` refers to, directly or through definitions.
fn reach(node: &JsonType, definitions: &Definitions, reached: &mut Vec<String>) {
    let mut names = Vec::new();
    node.names(&mut |name| names.push(name.to_owned()));
    for name in names {
        if let Some(definition) = definitions.get(&name)
            && !reached.contains(&name)
        {
            reached.push(name);
            reach(definition, definitions, reached);
        }
    }
}

/// The names of the definitions that differ between two entries.
pub(super) fn changed(before: &Entry, after: &Entry) -> BTreeSet<String> {
    let (Some(before), Some(after)) = (&before.accepted.0, &after.accepted.0) else { return BTreeSet::new() };
    let at = |root: &RootType, name: &str| RootType { node: JsonType::Named(name.to_owned()), ..root.clone() };
    let differs = |name: &&String| {
        after.definitions.contains_key(*name) && !compatibility::same(&at(before, name), &at(after, name))
    };
    before.definitions.keys().filter(differs).cloned().collect()
}

/// The lines of the definition `name` in `accepted`.
pub(super) fn lines(accepted: &AcceptedType, name: &str) -> Vec<String> {
    let definition = accepted.0.as_ref().and_then(|root| root.definitions.get(name));
    definition.map(JsonType::lines).unwrap_or_default()
}

/// The words of a type or of a line.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_of_word(letter)).filter(|word| !word.is_empty())
}

pub(super) fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The types in the text of a type that are not of the standard library. A word in capitals is a constant.
pub(super) fn own(ty: &str) -> impl Iterator<Item = &str> {
    let is_type = |word: &str| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
    words(ty).filter(move |word| is_type(word) && !STANDARD.contains(word))
}

/// Whether `path` names a type of the standard library.
pub(super) fn is_standard(path: &str) -> bool {
    STANDARD.contains(&path.rsplit("::").next().unwrap_or(path))
}

/// `ty` with `Old` before each of `names`: the name that the advice gives to an old type.
pub(super) fn kept(ty: &str, names: &BTreeSet<String>) -> String {
    let mut kept = String::new();
    let mut rest = ty;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| is_of_word(letter) != is_of_word(first)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if names.contains(word) {
            kept.push_str("Old");
        }
        kept.push_str(word);
        rest = behind;
    }
    kept
}

/// Types of the standard library, which an application cannot change.
const STANDARD: [&str; 25] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Cow",
    "Duration",
    "HashMap",
    "HashSet",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "LinkedList",
    "NonZero",
    "NonZeroU32",
    "NonZeroU64",
    "Option",
    "PathBuf",
    "PhantomData",
    "Rc",
    "Result",
    "String",
    "SystemTime",
    "Vec",
    "VecDeque",
];
