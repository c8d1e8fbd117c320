//! What the aggregates of this program promise.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    aggregates::{Aggregates, VisitAggregate},
    contents::{Contents, Entry, History, Layout, Named, Standing},
    deep, types,
};
use crate::{
    Aggregate, AggregateEvent, SchemaVersion,
    schema::{Field, Form, Member, Presence, Schema, Shape},
};

/// Something that one lock cannot hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
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
pub(super) fn observe<A: Aggregates>() -> Result<Observed, Taken> {
    let mut observer = Observer::default();
    A::visit(&mut observer);
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
    taken: Option<Taken>,
}

impl VisitAggregate for Observer {
    fn aggregate<A: Aggregate>(&mut self) {
        self.stream(A::CATEGORY, A::Event::MEMBERS);
    }
}

impl Observer {
    fn stream(&mut self, category: &str, members: &[Member]) {
        let listed = members.iter().map(|member| (member.schema.name.to_owned(), standing(member))).collect();
        if self.observed.contents.streams.insert(category.to_owned(), listed).is_some() {
            self.taken.get_or_insert_with(|| Taken::Category(category.to_owned()));
        }
        for member in members {
            self.event(category, member.schema);
            self.types(member.schema);
        }
    }

    fn types(&mut self, schema: &Schema) {
        let Observed { contents, opaque } = &mut self.observed;
        (schema.types)(
            &mut |written, json_schema| match json_schema.as_deref().map(|json| deep::bodies(written, json)) {
                Some(Ok(bodies)) => {
                    for (name, body) in bodies {
                        contents.types.entry(name).or_default().insert(body);
                    }
                }
                Some(Err(_)) | None => opaque.extend(types::own(written).map(str::to_owned)),
            },
        );
        if let Some(previous) = schema.previous {
            self.types(previous);
        }
    }

    fn event(&mut self, category: &str, schema: &Schema) {
        let history = history(schema);
        let Some(before) = self.observed.contents.events.get(schema.name) else {
            self.seen_in.insert(schema.name.to_owned(), category.to_owned());
            self.observed.contents.events.insert(schema.name.to_owned(), history);
            return;
        };
        if *before != history {
            let first = self.seen_in.get(schema.name).cloned().unwrap_or_default();
            self.taken.get_or_insert_with(|| Taken::Name {
                name: schema.name.to_owned(),
                one: (first, before.summary()),
                other: (category.to_owned(), history.summary()),
            });
        }
    }
}

fn standing(member: &Member) -> Standing {
    if member.retired { Standing::Retired } else { Standing::Written }
}

fn history(schema: &Schema) -> History {
    let layout_of = |version| {
        let shape = SchemaVersion::new(version).and_then(|version| schema.shape(version));
        (version, shape.map_or(Layout::NotDescribed, layout))
    };
    History {
        aliases: schema.aliases.iter().map(|alias| (alias.name.to_owned(), alias.up_to.get())).collect(),
        layouts: (1..=schema.version.get()).map(layout_of).collect(),
    }
}

fn layout(shape: &Shape) -> Layout {
    match (shape.form, shape.fields) {
        (Form::Named, fields) => Layout::Named(named(fields)),
        (Form::Newtype, [only]) => Layout::Newtype(entry(only)),
        (Form::Newtype | Form::Tuple, fields) => Layout::Tuple(fields.iter().map(entry).collect()),
        (Form::As(ty), _) => Layout::As(ty.to_owned()),
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
    }
}
