//! Tokens from a `macro_rules!` fragment are in an invisible group; every macro reads them as if the user had written them out.

use es::{SchemaVersion, prelude::*, schema::Presence};

/// The stored payload of `event`.
fn stored(event: &impl Event) -> String {
    let mut payload = Vec::new();
    event.encode(&mut payload).expect("it can be stored");
    String::from_utf8(payload).expect("JSON is text")
}

fn read<E: Event>(version: u32, payload: &str) -> E {
    E::decode(SchemaVersion::new(version).expect("not 0"), payload.as_bytes()).expect("it can be read")
}

/// The keys of schema version `version` with their aliases, as the lock records them.
fn keys<E: Event>(version: u32) -> Vec<(&'static str, &'static [&'static str])> {
    let shape =
        E::SCHEMA.shapes.iter().find(|shape| shape.schema_version.get() == version).expect("it has the version");
    shape.fields.iter().map(|field| (field.name, field.aliases)).collect()
}

mod upper {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(value: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! by_literals {
    ($name:literal, $version:literal, $alias:literal, $up_to:literal, $key:literal, $other:literal, $with:literal, $rule:literal,
     $before:literal, $gone:literal) => {
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event(name = $name, version = $version, alias($alias, up_to = $up_to))]
        #[event(removed(in = 2, name = $gone, type = u8, serde(with = $with)))]
        #[serde(rename_all = $rule, deny_unknown_fields)]
        struct ByLiterals {
            #[serde(rename = $key, alias = $other, default)]
            memo: Option<String>,
            #[serde(with = $with, rename = "n", alias = "m")]
            number: u8,
            #[event(renamed(in = $version, from = $before))]
            long_name: u8,
        }
    };
}
by_literals!("fragment.literal", 3, "fragment.old", 2, "theMemo", "the_memo", "upper", "camelCase", "short", "gone");

#[test]
fn literals_are_read() {
    let event = ByLiterals { memo: Some("kept".into()), number: 7, long_name: 1 };
    assert_eq!(stored(&event), r#"{"theMemo":"kept","n":"7","longName":1}"#);
    assert_eq!(read::<ByLiterals>(3, &stored(&event)), event);
    assert_eq!((ByLiterals::NAME, ByLiterals::SCHEMA_VERSION.get()), ("fragment.literal", 3));
    let alias = &ByLiterals::SCHEMA.aliases[0];
    assert_eq!((alias.name, alias.up_to.get()), ("fragment.old", 2));
    assert_eq!(keys::<ByLiterals>(3), [("theMemo", &["the_memo"][..]), ("n", &["m"]), ("longName", &[])]);
}

macro_rules! by_expressions {
    ($name:expr, $version:expr, $key:expr, $other:expr, $with:expr, $rule:expr, $default:expr, $closure:expr, $function:expr) => {
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event(name = $name, version = $version)]
        #[serde(rename_all(serialize = $rule, deserialize = $rule))]
        struct ByExpressions {
            #[serde(alias = $other, rename(serialize = $key, deserialize = $key), skip_serializing_if = "Option::is_none")]
            memo: Option<String>,
            #[serde(with = $with, default)]
            a_number: u8,
            #[event(added(in = $version, default = $default))]
            added: u8,
            #[event(added(in = $version, default = $closure))]
            taken: u8,
            #[event(changed(in = $version, from = u8, with = $function))]
            changed: u16,
        }
    };
}
macro_rules! handed_on {
    ($name:literal, $key:literal, $($rest:tt)*) => { by_expressions!($name, 2, $key, $($rest)*); };
}
handed_on!("fragment.expression", "theMemo", "memo", "upper", "kebab-case", 1 + 2, |old| old.a_number, u16::from);

#[test]
fn expressions_are_read_through_two_macros() {
    let event = ByExpressions { memo: Some("kept".into()), a_number: 7, added: 3, taken: 7, changed: 9 };
    assert_eq!(stored(&event), r#"{"theMemo":"kept","a-number":"7","added":3,"taken":7,"changed":9}"#);
    assert_eq!(read::<ByExpressions>(2, &stored(&event)), event);
    assert_eq!(read::<ByExpressions>(1, r#"{"memo":"kept","a-number":"7","changed":9}"#), event);
    let of_two = [("theMemo", &["memo"][..]), ("a-number", &[]), ("added", &[]), ("taken", &[]), ("changed", &[])];
    assert_eq!(keys::<ByExpressions>(2), of_two);
    let with = ByExpressions::SCHEMA.shapes[0].fields[1];
    assert_eq!((with.with, with.presence), (Some("upper"), Presence::Default));
}

type Maybe = Option<u8>;

macro_rules! by_types {
    ($aggregate:ident, $set:ident, $event:ident, $ty:ty, $gone:ty, $before:ty, $previous:path, $listed:ty, $old:path, $id:ty, $category:literal) => {
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event(name = "fragment.type", version = 3, previous = $previous, removed(in = 3, name = "gone", type = $gone))]
        struct $event {
            #[serde(skip_serializing_if = "Option::is_none")]
            maybe: $ty,
            #[event(changed(in = 3, from = $before, with = u16::from))]
            changed: u16,
            behind_an_alias: Vec<$ty>,
        }

        #[derive(Aggregate, Default)]
        #[aggregate(category = $category, id = $id, event = $set, events($listed as Listed), retired($old))]
        struct $aggregate(u16);

        #[es::apply]
        impl $aggregate {
            fn apply_it(&mut self, event: $listed) {
                self.0 += event.changed;
            }
        }
    };
}
by_types!(Fragments, Happened, ByTypes, Option<u8>, Maybe, u8, before::ByTypes, ByTypes, Old, String, "fragments");

mod before {
    use es::prelude::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "fragment.type")]
    pub(super) struct ByTypes {}
}

impl From<before::ByTypes> for ByTypes {
    fn from(_: before::ByTypes) -> Self {
        Self { maybe: None, changed: 1, behind_an_alias: Vec::new() }
    }
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "fragment.retired")]
struct Old {}

impl Retired<Fragments> for Old {
    fn successors(self) -> impl IntoEvents<Fragments> {}
}

#[test]
fn types_paths_and_names_are_read() {
    let event = ByTypes { maybe: None, changed: 9, behind_an_alias: vec![None] };
    assert_eq!(stored(&event), r#"{"changed":9,"behind_an_alias":[null]}"#);
    assert_eq!(read::<ByTypes>(3, &stored(&event)), event);
    assert_eq!(read::<ByTypes>(2, r#"{"gone":null,"changed":9,"behind_an_alias":[null]}"#), event);
    assert_eq!(read::<ByTypes>(1, "{}").changed, 1);
    assert_eq!(ByTypes::SCHEMA.shapes[0].fields[1].ty, "u8");
    let mut fragments = Fragments::initial();
    fragments.apply_event(Happened::Listed(event));
    assert_eq!((fragments.0, Fragments::CATEGORY), (9, "fragments"));
    assert_eq!(<Happened as EventSet>::NAMES, ["fragment.type", "fragment.retired"]);
}

macro_rules! by_attributes {
    ($of_event:meta, $of_struct:meta, $of_field:meta, $step:meta) => {
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[$of_event]
        #[$of_struct]
        struct ByAttributes {
            #[serde($of_field, default)]
            a_memo: Option<String>,
            #[$step]
            number: u8,
        }
    };
}
by_attributes!(
    event(name = "fragment.attribute", version = 2),
    serde(rename_all = "camelCase"),
    alias = "memo",
    event(added(in = 2, default = 5))
);

#[test]
fn whole_attributes_are_read() {
    let event = ByAttributes { a_memo: Some("kept".into()), number: 5 };
    assert_eq!(stored(&event), r#"{"aMemo":"kept","number":5}"#);
    assert_eq!(read::<ByAttributes>(1, r#"{"memo":"kept"}"#), event);
    assert_eq!(keys::<ByAttributes>(1), [("aMemo", &["memo"][..])]);
}
