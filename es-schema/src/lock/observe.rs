//! What the aggregates of this program promise.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use es_core::{
    Aggregate, AggregateEvent, SchemaVersion,
    schema::{Aggregates, Field, Form, IdSchema, Member, Presence, Probed, Schema, Shape, VisitAggregate},
};

#[cfg(feature = "schema")]
use super::json_schema;
use super::{
    contents::{AcceptedType, Contents, Entry, History, Id, Layout, Named, OPEN, Standing},
    json_type::{JsonType, RootType},
    types,
};

/// Something that one lock cannot hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NameClash {
    /// Two aggregates have this category.
    Category(String),
    /// Two events are stored under this name: what they promise, by category.
    Name { name: String, one: (String, String), other: (String, String) },
}

/// What aggregates promise.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// The contents of their lock.
    pub(super) contents: Contents,
    /// The types that it does not look into.
    pub(super) opaque: BTreeSet<String>,
}

/// What `A` promises.
pub(super) fn observe<A: Aggregates>() -> Result<Observed, NameClash> {
    let mut observer = Observer::default();
    A::visit(&mut observer);
    observer.aliases();
    match observer.taken {
        Some(taken) => Err(taken),
        None => Ok(observer.observed),
    }
}

#[derive(Default)]
struct Observer {
    observed: Observed,
    /// The category that each event was seen in first.
    seen_in: BTreeMap<String, String>,
    taken: Option<NameClash>,
}

impl VisitAggregate for Observer {
    fn aggregate<A: Aggregate>(&mut self) {
        let IdSchema { ty, prints } = A::id_schema();
        self.observed.contents.ids.insert(A::CATEGORY.to_owned(), Id { ty, prints });
        self.stream(A::CATEGORY, A::Event::MEMBERS);
    }
}

impl Observer {
    fn stream(&mut self, category: &str, members: &[Member]) {
        let listed = members.iter().map(|member| (member.schema.name.to_owned(), standing(member))).collect();
        if self.observed.contents.streams.insert(category.to_owned(), listed).is_some() {
            self.taken.get_or_insert_with(|| NameClash::Category(category.to_owned()));
        }
        for member in members {
            self.event(category, member.schema);
        }
    }

    fn event(&mut self, category: &str, schema: &'static Schema) {
        let history = history(schema, &mut self.observed.opaque);
        let Some(before) = self.observed.contents.events.get(schema.name) else {
            self.seen_in.insert(schema.name.to_owned(), category.to_owned());
            self.observed.contents.events.insert(schema.name.to_owned(), history);
            return;
        };
        if *before != history || !types::same(before, &history) {
            let first = self.seen_in.get(schema.name).cloned().unwrap_or_default();
            self.taken.get_or_insert_with(|| NameClash::Name {
                name: schema.name.to_owned(),
                one: (first, before.summary()),
                other: (category.to_owned(), history.summary()),
            });
        }
    }

    /// Finds a name that two events share.
    fn aliases(&mut self) {
        let events = &self.observed.contents.events;
        let mut names: BTreeMap<&str, (&str, String)> = BTreeMap::new();
        for (event, history) in events {
            names.insert(event, (event, history.summary()));
        }
        for (event, history) in events {
            for (alias, up_to) in &history.aliases {
                let says = format!("an alias of `{event}` up to {up_to}");
                let Some((other, summary)) = names.insert(alias, (event, says.clone())) else { continue };
                let category = |event: &str| self.seen_in.get(event).cloned().unwrap_or_default();
                let (one, other) = ((category(other), summary), (category(event), says));
                self.taken.get_or_insert_with(|| NameClash::Name { name: alias.clone(), one, other });
            }
        }
    }
}

fn standing(member: &Member) -> Standing {
    if member.retired { Standing::Retired } else { Standing::Written }
}

fn history(schema: &'static Schema, opaque: &mut BTreeSet<String>) -> History {
    let mut history = History {
        aliases: schema.aliases.iter().map(|alias| (alias.name.to_owned(), alias.up_to.get())).collect(),
        ..History::default()
    };
    let newest = schema.schema_version.get();
    let mut described = Some(schema);
    let mut above = newest;
    while let Some(schema) = described {
        let Seen { roots, words } = seen(schema, opaque);
        let lowest = schema.shapes.iter().map(|shape| shape.schema_version.get()).min().unwrap_or(1);
        for version in (1..=above).filter(|version| schema.previous.is_none() || *version >= lowest) {
            let shape = SchemaVersion::new(version).and_then(|version| schema.shape(version));
            let mut layout = shape.map_or(Layout::NotDescribed, layout);
            layout.each_entry(|entry| entry.accepted = AcceptedType(roots.get(&entry.key()).cloned()));
            history.layouts.insert(version, layout);
        }
        history.words.insert(if above == newest { OPEN } else { above }, words);
        above = lowest.saturating_sub(1);
        described = schema.previous;
    }
    if history.words.values().all(BTreeSet::is_empty) {
        history.words.clear();
    }
    history
}

/// What a schema says of its types.
#[derive(Default)]
struct Seen {
    /// By the key of an entry.
    roots: BTreeMap<String, Rc<RootType>>,
    /// The serde attributes of the struct.
    words: BTreeSet<String>,
}

fn seen(schema: &Schema, opaque: &mut BTreeSet<String>) -> Seen {
    let mut seen = Seen::default();
    (schema.types)(&mut |written, probed| {
        if let Some(words) = written.strip_prefix("serde ") {
            seen.words.insert(words.to_owned());
            return;
        }
        let root = probed.and_then(looked_into);
        if root.as_ref().is_none_or(|root| matches!(root.node, JsonType::Unseen(_))) && !written.ends_with(')') {
            opaque.extend(types::own(written).map(str::to_owned));
        }
        if let Some(root) = root {
            seen.roots.insert(written.to_owned(), Rc::new(root));
        }
    });
    seen
}

/// What is accepted by a type that can be asked.
#[cfg(feature = "schema")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is none")]
fn looked_into(probed: Probed) -> Option<RootType> {
    Some(json_schema::root(&probed))
}

#[cfg(not(feature = "schema"))]
fn looked_into(_: Probed) -> Option<RootType> {
    None
}

fn layout(shape: &Shape) -> Layout {
    match (shape.form, shape.fields) {
        (Form::Named, fields) => Layout::Named(named(fields)),
        (Form::Newtype, [only]) => Layout::Newtype(entry(only)),
        (Form::Newtype | Form::Tuple, fields) => Layout::Tuple(fields.iter().map(entry).collect()),
        (Form::As(ty), _) => Layout::As(entry(&Field::new("", ty, Presence::Required))),
        (Form::Unit, _) => Layout::Unit,
    }
}

fn named(fields: &[Field]) -> Named {
    let (flattened, keyed): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.presence == Presence::Flatten);
    let mut flattened: Vec<_> = flattened.into_iter().map(entry).collect();
    flattened.sort();
    Named { keyed: keyed.into_iter().map(|field| (field.name.to_owned(), entry(field))).collect(), flattened }
}

fn entry(field: &Field) -> Entry {
    Entry {
        ty: field.ty.to_owned(),
        optional: field.presence == Presence::Default,
        with: field.with.map(str::to_owned),
        aliases: field.aliases.iter().map(|&key| key.to_owned()).collect::<BTreeSet<_>>(),
        accepted: AcceptedType::default(),
    }
}
