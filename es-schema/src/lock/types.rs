//! What fields accept: whether one reads what another wrote, and the definitions of a whole lock.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    contents::{Contents, Deep, Entry, History, OPEN},
    node::{Definitions, Node, Root},
    reads,
    written::{self, plain},
};

impl Entry {
    /// Whether what was stored by `stored` is read by this as it was.
    pub(super) fn reads(&self, stored: &Self) -> bool {
        (self.may_be_absent() || !stored.optional) && stored.aliases.is_subset(&self.aliases) && self.reads_type(stored)
    }

    /// Whether it was seen to refuse values of the right form, itself or anywhere inside.
    pub(super) fn refuses(&self) -> bool {
        self.root().is_some_and(|root| {
            let mut reached = Vec::new();
            reach(&root.node, &root.definitions, &mut reached);
            let inside = reached.iter().filter_map(|name| root.definitions.get(name));
            inside.chain([&root.node]).any(Node::holds_refusals)
        })
    }

    /// Whether serde reads it where its key is not there: with a `serde(default)`, or as an `Option`, whose text tells.
    fn may_be_absent(&self) -> bool {
        let is_option = || matches!(self.text().node, Node::OneOf(nodes) if nodes.contains(&Node::Null));
        self.optional || (self.with.is_none() && is_option())
    }

    /// Whether values of both accept the same.
    pub(super) fn is_same_type(&self, other: &Self) -> bool {
        match (self.root(), other.root()) {
            (Some(one), Some(other)) => reads::same(&one, &other),
            _ => reads::same(&self.text(), &other.text()),
        }
    }

    /// Whether a value of this is read by the release before, which has `stored`.
    pub(super) fn is_read_before(&self, stored: &Self) -> bool {
        match (self.root(), stored.root()) {
            (Some(today), Some(before)) => reads::is_read_before(&today, &before),
            _ => reads::is_read_before(&self.text(), &stored.text()),
        }
    }

    /// Whether its type was looked into.
    pub(super) fn is_seen(&self) -> bool {
        self.root().is_some_and(|root| !matches!(root.node, Node::Unseen(_)))
    }

    /// Whether a value of `stored` is read as one of this.
    pub(super) fn reads_type(&self, stored: &Self) -> bool {
        let (Some(today), Some(before)) = (self.root(), stored.root()) else {
            return self.with == stored.with && reads::reads(&self.text(), &stored.text());
        };
        match (&before.node, &today.node) {
            _ if self.with.is_some() != stored.with.is_some() => false,
            (Node::Unseen(before), Node::Unseen(today)) => {
                let written = self.with == stored.with && self.is_written_as(stored);
                // a function that takes anything may do anything with it
                let told = self.with.is_some() && **before != Node::Any && **today != Node::Any;
                (written || told) && reads::reads(&bare(today), &bare(before))
            }
            // it is seen since today: what was seen before has to be what it was
            (Node::Unseen(before), _) => {
                // whatever it was, it is a plain value that is read as it stands
                let is_plain = !matches!(**before, Node::Any)
                    && before.kind().is_some_and(|kind| !["list", "object"].contains(&kind));
                if is_plain && self.with.is_none() && !self.is_written_as(stored) {
                    return reads::reads(&today, &bare(before));
                }
                let asks = today.outline.as_deref();
                self.is_written_as(stored)
                    && **before != Node::Any
                    && asks.is_some_and(|asks| reads::same(&bare(asks), &bare(before)))
            }
            _ => reads::reads(&today, &before),
        }
    }

    /// Whether its type goes by the same name, or by the one under which the advice keeps it as it was.
    pub(super) fn is_written_as(&self, stored: &Self) -> bool {
        let (today, stored) = (plain(&self.ty), plain(&stored.ty));
        today == stored || today == kept(&stored, &own(&stored).map(str::to_owned).collect())
    }

    /// What it accepts, where that was looked into or its text tells.
    fn root(&self) -> Option<Rc<Root>> {
        self.deep.0.clone().or_else(|| {
            let text = self.text();
            (self.with.is_none() && written::tells_all(&text.node)).then(|| Rc::new(text))
        })
    }

    /// What can be told from how its type is written.
    pub(super) fn text(&self) -> Root {
        bare(&written::node(&self.ty))
    }
}

fn bare(node: &Node) -> Root {
    Root { node: node.clone(), definitions: Rc::default(), outline: None }
}

/// Whether the fields of `one` accept the same as those of `other`.
pub(super) fn same(one: &History, other: &History) -> bool {
    one.layouts.values().zip(other.layouts.values()).all(|(one, other)| {
        let (one, other) = (one.entries(), other.entries());
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same_type(other))
    })
}

/// The contents that are to be written in place of `locked`: those of a program that sees no deep schemas keep the ones
/// that are there.
pub(super) fn keep(locked: &Contents, mut current: Contents) -> Contents {
    if cfg!(feature = "schema") {
        return current;
    }
    for (event, history) in &mut current.events {
        let Some(known) = locked.events.get(event) else { continue };
        for (version, layout) in &mut history.layouts {
            let Some(known) = known.layouts.get(version) else { continue };
            let roots: BTreeMap<_, _> = known.entries().iter().map(|entry| (entry.key(), entry.deep.clone())).collect();
            layout.each_entry(|entry| entry.deep = roots.get(&entry.key()).cloned().unwrap_or_default());
        }
    }
    current
}

/// The definitions of a whole lock, each under a name of its own.
#[derive(Default)]
pub(super) struct Book {
    pub(super) definitions: Definitions,
    /// By the name of its root and everything that it leads to.
    names: BTreeMap<String, String>,
}

impl Book {
    /// What `history` says of its fields: the key, up to which schema version, and what is accepted. Those whose text
    /// tells are left out.
    pub(super) fn lines(&mut self, history: &History) -> Vec<(String, u32, Node)> {
        let mut spans: BTreeMap<String, Vec<(u32, Node)>> = BTreeMap::new();
        for (version, layout) in &history.layouts {
            for entry in layout.entries() {
                let Some(root) = &entry.deep.0 else { continue };
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
                let text = written::node(&key);
                if !(only && node == text && written::tells_all(&text)) {
                    lines.push((key.clone(), if at + 1 == count { OPEN } else { up_to }, node));
                }
            }
        }
        lines
    }

    /// The node of `root`, with names of this book.
    fn node(&mut self, root: &Root) -> Node {
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
        reach(&Node::Named(name.to_owned()), definitions, &mut reached);
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

/// The names that `node` leads to.
fn reach(node: &Node, definitions: &Definitions, reached: &mut Vec<String>) {
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

/// The definitions that are no longer what they were, by the name they have today, between two entries.
pub(super) fn changed(before: &Entry, after: &Entry) -> BTreeSet<String> {
    let (Some(before), Some(after)) = (&before.deep.0, &after.deep.0) else { return BTreeSet::new() };
    let at = |root: &Root, name: &str| Root { node: Node::Named(name.to_owned()), ..root.clone() };
    let differs =
        |name: &&String| after.definitions.contains_key(*name) && !reads::same(&at(before, name), &at(after, name));
    before.definitions.keys().filter(differs).cloned().collect()
}

/// The lines of `name` that stand in `deep` themselves.
pub(super) fn lines(deep: &Deep, name: &str) -> Vec<String> {
    let definition = deep.0.as_ref().and_then(|root| root.definitions.get(name));
    definition.map(Node::lines).unwrap_or_default()
}

/// The words of a type or of a line.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_of_word(letter)).filter(|word| !word.is_empty())
}

pub(super) fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The types in the text of a type that are not the standard library's. A word of capitals is a constant.
pub(super) fn own(ty: &str) -> impl Iterator<Item = &str> {
    let is_type = |word: &str| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
    words(ty).filter(move |word| is_type(word) && !STANDARD.contains(word))
}

/// Whether `path` leads to a type of the standard library.
pub(super) fn is_standard(path: &str) -> bool {
    STANDARD.contains(&path.rsplit("::").next().unwrap_or(path))
}

/// `ty` with `Old` before each of `names`: how the advice calls what is kept as it was.
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

/// Types of the standard library, which nobody of ours changes.
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
