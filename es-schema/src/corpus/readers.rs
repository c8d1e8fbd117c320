//! The aggregates that read a corpus.

use std::collections::BTreeMap;

use es_core::{Aggregate, AggregateEvent, DecodeError, EncodeError, EventSet, SchemaVersion, schema::Member};

use super::{Cause, json::Json};
use crate::{Aggregates, VisitAggregate};

/// The aggregates `A`, as readers.
pub(super) fn readers<A: Aggregates>() -> Vec<Reader> {
    let mut collected = Collected(Vec::new());
    A::visit(&mut collected);
    collected.0
}

/// An aggregate, and how it reads what is stored.
pub(super) struct Reader {
    category: &'static str,
    members: &'static [Member],
    decode: Decode,
}

/// Reads a payload that was stored under a name with a schema version.
type Decode = fn(&str, SchemaVersion, &[u8]) -> Result<Vec<Today>, Cause>;

/// A stored event as it decodes today.
struct Today {
    name: &'static str,
    value: Json,
}

struct Collected(Vec<Reader>);

impl VisitAggregate for Collected {
    fn aggregate<A: Aggregate>(&mut self) {
        self.0.push(Reader { category: A::CATEGORY, members: A::Event::MEMBERS, decode: decode::<A> });
    }
}

/// The newest schema version that is read under `name`, if any is.
pub(super) fn newest(readers: &[Reader], name: &str) -> Option<SchemaVersion> {
    readers.iter().filter_map(|reader| Some(names(reader.member(name)?).find(|(known, _)| *known == name)?.1)).max()
}

/// The value of `payload`, stored as `name`. Where aggregates disagree, because one has retired an event that another writes, it
/// is an object with the value for each category.
pub(super) fn today(
    readers: &[Reader],
    name: &str,
    schema_version: SchemaVersion,
    payload: &[u8],
) -> Result<Json, Cause> {
    let mut by_category = BTreeMap::new();
    for reader in readers {
        if let Some(member) = reader.member(name) {
            let events = (reader.decode)(name, schema_version, payload)?;
            by_category.insert(reader.category.to_owned(), value(events, member.retired));
        }
    }
    Ok(agreed(by_category))
}

/// The value that all categories agree on, or an object with the value for each category.
fn agreed(by_category: BTreeMap<String, Json>) -> Json {
    let mut values = by_category.values();
    let first = values.next().cloned().unwrap_or(Json::Null);
    if values.all(|value| *value == first) { first } else { Json::Object(by_category) }
}

/// Reads the events of the value `before` again, each with the schema version that `version` gives for its name, and gives the
/// value of today. `before` is the value of a payload that was stored as `name`.
pub(super) fn again(
    readers: &[Reader],
    name: &str,
    before: &Json,
    version: &impl Fn(&str) -> Option<SchemaVersion>,
) -> Option<Json> {
    let mut by_category = BTreeMap::new();
    let readers: Vec<_> = readers.iter().filter_map(|reader| Some((reader, reader.member(name)?))).collect();
    for (reader, member) in &readers {
        // The value was written once for all categories, or for each of them.
        let own = match before {
            Json::Object(entries)
                if readers.len() > 1 && readers.iter().all(|(reader, _)| entries.contains_key(reader.category)) =>
            {
                entries.get(reader.category)?
            }
            all => all,
        };
        let mut today = Vec::new();
        for (name, payload) in parts(own, member)? {
            today.extend((reader.decode)(&name, version(&name)?, payload.compact().as_bytes()).ok()?);
        }
        by_category.insert(reader.category.to_owned(), value(today, member.retired));
    }
    Some(agreed(by_category))
}

/// The events of a reading.
fn parts<'a>(reading: &'a Json, member: &'static Member) -> Option<Vec<(String, &'a Json)>> {
    if !member.retired {
        return Some(vec![(member.schema.name.to_owned(), reading)]);
    }
    let Json::List(parts) = reading else { return None };
    let part = |part: &'a Json| match part {
        Json::Object(part) => match (part.get("event")?, part.get("payload")?) {
            (Json::Text(name), payload) => Some((name.clone(), payload)),
            _ => None,
        },
        _ => None,
    };
    parts.iter().map(part).collect()
}

/// The schema version of each event today, by name.
pub(super) fn versions(readers: &[Reader]) -> BTreeMap<String, SchemaVersion> {
    let members = readers.iter().flat_map(|reader| reader.members);
    members.map(|member| (member.schema.name.to_owned(), member.schema.schema_version)).collect()
}

/// For each event and schema version, the names it was stored under: the own name first.
pub(super) fn promised(readers: &[Reader]) -> Vec<(SchemaVersion, Vec<&'static str>)> {
    let mut promised = Vec::new();
    for member in readers.iter().flat_map(|reader| reader.members) {
        let versions = (1..=member.schema.schema_version.get()).filter_map(SchemaVersion::new);
        promised.extend(versions.map(|version| {
            let stored = names(member).filter(|(_, up_to)| *up_to >= version);
            (version, stored.map(|(name, _)| name).collect::<Vec<_>>())
        }));
    }
    promised.sort_by(|(one, one_names), (other, other_names)| (one_names, one).cmp(&(other_names, other)));
    promised.dedup();
    promised
}

impl Reader {
    fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| names(member).any(|(known, _)| known == name))
    }
}

/// The names of an event, each with the newest schema version stored under it.
fn names(member: &'static Member) -> impl Iterator<Item = (&'static str, SchemaVersion)> {
    let aliases = member.schema.aliases.iter().map(|alias| (alias.name, alias.up_to));
    [(member.schema.name, member.schema.schema_version)].into_iter().chain(aliases)
}

fn decode<A: Aggregate>(name: &str, schema_version: SchemaVersion, payload: &[u8]) -> Result<Vec<Today>, Cause> {
    let mut events = Vec::new();
    A::Event::decode(A::CATEGORY, name, schema_version, payload, |event| events.push(event))?;
    events.iter().map(encode).collect()
}

fn encode<E: AggregateEvent>(event: &E) -> Result<Today, Cause> {
    let mut payload = Vec::new();
    event.encode(&mut payload)?;
    Ok(Today { name: event.name(), value: Json::read(&payload)? })
}

/// The value of `events`; for a retired event it is the list of its successors, with their names.
fn value(events: Vec<Today>, retired: bool) -> Json {
    if let (false, [Today { value, .. }]) = (retired, events.as_slice()) {
        return value.clone();
    }
    let part = |Today { name, value }| {
        Json::Object([("event".to_owned(), Json::Text(String::from(name))), ("payload".to_owned(), value)].into())
    };
    Json::List(events.into_iter().map(part).collect())
}

impl From<DecodeError> for Cause {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<EncodeError> for Cause {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<serde_json::Error> for Cause {
    fn from(error: serde_json::Error) -> Self {
        Self::NotJson(error)
    }
}
