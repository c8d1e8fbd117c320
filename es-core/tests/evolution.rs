//! Events whose older schema versions are read by declared steps, by typed steps, and by both.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::num::ParseIntError;

use es_core::{DecodeError, Event, SchemaVersion};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
    Usd,
}

#[derive(Clone, Debug, PartialEq)]
struct Money(i64);

impl Money {
    #[expect(clippy::cast_possible_truncation, reason = "amounts of tests are small")]
    fn from_units(units: f64) -> Self {
        Self((units * 100.0).round() as i64)
    }

    #[expect(clippy::needless_pass_by_value, reason = "a step takes the value")]
    fn parse(text: String) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// Money, serialized as a string of cents.
mod cents {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Money;

    pub(super) fn serialize<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&money.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        String::deserialize(deserializer)?.parse().map(Money).map_err(Error::custom)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Extra {
    branch: Option<String>,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 4, alias("deposit_made", up_to = 2))]
#[event(removed(in = 3, name = "note", type = Option<String>))]
#[serde(rename_all = "camelCase")]
struct Deposited {
    #[event(changed(in = 4, from = f64, with = Money::from_units))]
    #[serde(with = "cents")]
    amount: Money,
    #[event(added(in = 2, default = Currency::Eur))]
    currency: Currency,
    #[event(renamed(in = 3, from = "source"))]
    #[serde(alias = "originOfIt")]
    origin_place: String,
    #[event(added(in = 3, default = |old| old.note.as_ref().map_or(0, String::len)))]
    note_len: usize,
    #[serde(flatten)]
    extra: Extra,
}

fn decoded<E: Event>(version: u32, payload: &str) -> Result<E, DecodeError> {
    E::decode(SchemaVersion::new(version).unwrap(), payload.as_bytes())
}

fn deposited(currency: Currency, note_len: usize) -> Deposited {
    Deposited {
        amount: Money(1250),
        currency,
        origin_place: "cash".into(),
        note_len,
        extra: Extra { branch: Some("x".into()) },
    }
}

#[test]
fn each_schema_version_is_upcast_step_by_step() {
    let one = r#"{"amount":12.5,"source":"cash","note":"hello","branch":"x"}"#;
    assert_eq!(decoded(1, one), Ok(deposited(Currency::Eur, 5)));
    let two = r#"{"amount":12.5,"currency":"Usd","source":"cash","branch":"x"}"#;
    assert_eq!(decoded(2, two), Ok(deposited(Currency::Usd, 0)));
    let three = r#"{"amount":12.5,"currency":"Usd","originOfIt":"cash","noteLen":3,"branch":"x"}"#;
    assert_eq!(decoded(3, three), Ok(deposited(Currency::Usd, 3)));
    let four = r#"{"amount":"1250","currency":"Usd","originPlace":"cash","noteLen":3,"branch":"x"}"#;
    assert_eq!(decoded(4, four), Ok(deposited(Currency::Usd, 3)));
    let known = SchemaVersion::new(4).unwrap();
    assert_eq!(decoded::<Deposited>(5, four), Err(DecodeError::Newer { known }));
}

#[test]
fn an_error_names_the_key_and_the_type_of_that_schema_version() {
    let says = |version, payload, expected: &str| {
        assert_eq!(decoded::<Deposited>(version, payload).unwrap_err().to_string(), expected);
    };
    says(1, r#"{"amount":"12"}"#, "field `amount`, declared as `f64`, has a value of another type (line 1, column 14)");
    says(4, r#"{"amount":12}"#, "field `amount`, declared as `Money`, has a value of another type (line 1, column 12)");
    says(1, r#"{"amount":12}"#, "field `source`, declared as `String`, is missing (line 1, column 13)");
    says(
        3,
        r#"{"amount":12,"source":"cash","currency":"Eur","noteLen":1}"#,
        "field `originPlace`, declared as `String`, is missing (line 1, column 58)",
    );
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.rated", version = 3)]
struct Rated(
    #[event(changed(in = 2, from = String, try_with = Money::parse), changed(in = 3, from = Money, with = |money| money.0, serde(with = "cents")))]
     i64,
    u8,
);

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.scored", version = 2)]
struct Scored(#[event(changed(in = 2, from = String, try_with = |text| text.parse::<i64>()))] i64);

#[test]
fn fields_of_tuple_structs_change_their_type() {
    assert_eq!(decoded(1, r#"["12",7]"#), Ok(Rated(12, 7)));
    assert_eq!(decoded(2, r#"["13",7]"#), Ok(Rated(13, 7)));
    assert_eq!(decoded(3, "[14,7]"), Ok(Rated(14, 7)));
    assert_eq!(decoded(1, r#""15""#), Ok(Scored(15)));
}

#[test]
fn a_failed_upcast_names_its_step_and_leaks_no_payload() {
    let error = decoded::<Rated>(1, r#"["c4n4ry",7]"#).unwrap_err();
    assert_eq!(error.to_string(), "field `0` was refused by the upcast from schema version 1 to 2");
    assert!(std::error::Error::source(&error).is_none());
    assert!(!format!("{error:?}").contains("c4n4ry"));
}

/// The event before it was restructured by hand.
mod v1 {
    use super::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.withdrawn")]
    pub(super) struct Withdrawn {
        pub(super) amount: String,
    }
}

mod v2 {
    use super::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.withdrawn", version = 2, previous = v1::Withdrawn)]
    pub(super) struct Withdrawn {
        pub(super) cents: i64,
    }

    impl TryFrom<v1::Withdrawn> for Withdrawn {
        type Error = ParseIntError;

        fn try_from(old: v1::Withdrawn) -> Result<Self, Self::Error> {
            Ok(Self { cents: old.amount.parse()? })
        }
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawn", version = 4, previous = v2::Withdrawn)]
struct Withdrawn {
    amount: (i64, i64),
    #[event(added(in = 4, default = Currency::Eur))]
    currency: Currency,
}

impl From<v2::Withdrawn> for Withdrawn {
    fn from(old: v2::Withdrawn) -> Self {
        Self { amount: (old.cents / 100, old.cents % 100), currency: Currency::Usd }
    }
}

#[test]
fn typed_steps_chain_below_declared_ones() {
    let withdrawn = |currency| Withdrawn { amount: (12, 34), currency };
    assert_eq!(decoded(1, r#"{"amount":"1234"}"#), Ok(withdrawn(Currency::Usd)));
    assert_eq!(decoded(2, r#"{"cents":1234}"#), Ok(withdrawn(Currency::Usd)));
    assert_eq!(decoded(3, r#"{"amount":[12,34]}"#), Ok(withdrawn(Currency::Eur)));
    assert_eq!(decoded(4, r#"{"amount":[12,34],"currency":"Usd"}"#), Ok(withdrawn(Currency::Usd)));
    let error = decoded::<Withdrawn>(1, r#"{"amount":"c4n4ry"}"#).unwrap_err();
    assert_eq!(error.to_string(), "the payload was refused by the upcast from schema version 1 to 2");
    assert!(!format!("{error:?}").contains("c4n4ry"));
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.noted", version = 6)]
#[event(removed(in = 3, name = "note", type = Option<String>, added(in = 2, default = Some("none".into()))))]
#[event(removed(in = 6, name = "type", type = u8))]
struct Noted {
    #[event(added(in = 5, default = 1))]
    note: u8,
    #[event(
        changed(in = 2, from = u8, with = u16::from, name = "length-in-m"),
        renamed(in = 3, from = "length-in-cm"),
        changed(in = 4, from = u16, with = u32::from, name = "len"),
        renamed(in = 5, from = "kind")
    )]
    #[serde(rename = "theLength", default)]
    length: u32,
    #[serde(skip, default)]
    skipped: u8,
}

#[test]
fn removed_names_can_be_used_again() {
    let noted = Noted { note: 1, length: 3, skipped: 0 };
    assert_eq!(decoded(1, r#"{"length-in-m":3,"type":0}"#), Ok(noted.clone()));
    assert_eq!(decoded(2, r#"{"note":"x","length-in-cm":3,"type":0}"#), Ok(noted.clone()));
    assert_eq!(decoded(3, r#"{"len":3,"type":0}"#), Ok(noted.clone()));
    assert_eq!(decoded(4, r#"{"kind":3,"type":0}"#), Ok(noted.clone()));
    assert_eq!(decoded(5, r#"{"note":1,"theLength":3,"type":0}"#), Ok(noted.clone()));
    assert_eq!(decoded(6, r#"{"note":1,"theLength":3}"#), Ok(noted));
    assert_eq!(decoded(5, r#"{"note":1,"type":0}"#), Ok(Noted { note: 1, length: 0, skipped: 0 }));
}

#[test]
fn the_schema_lists_every_shape() {
    let shapes: Vec<String> = (1..=4)
        .filter_map(|version| Withdrawn::SCHEMA.shape(SchemaVersion::new(version)?))
        .map(|shape| {
            let fields: Vec<_> = shape.fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
            format!("{} {:?} {}", shape.schema_version, shape.form, fields.join(", "))
        })
        .collect();
    assert_eq!(
        shapes,
        [
            "1 Named amount: String",
            "2 Named cents: i64",
            "3 Named amount: (i64, i64)",
            "4 Named amount: (i64, i64), currency: Currency",
        ]
    );
    assert_eq!(Deposited::SCHEMA.aliases[0].name, "deposit_made");
}

/// Keys that are not valid names of Rust fields, not even raw ones.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "keys", version = 2)]
#[event(removed(in = 2, name = "self", type = u8), removed(in = 2, name = "Self", type = u8))]
#[event(removed(in = 2, name = "super", type = u8), removed(in = 2, name = "crate", type = u8))]
#[event(removed(in = 2, name = "_", type = u8), removed(in = 2, name = "gen", type = u8))]
#[event(removed(in = 2, name = "1 x", type = u8), removed(in = 2, name = "m²", type = u8))]
#[event(removed(in = 2, name = " a", type = u8), removed(in = 2, name = "½", type = u8))]
struct Keys {
    #[event(added(in = 2, default = |old| old._self + old.r#gen + old._1_x + old.m_))]
    sum: u8,
}

#[test]
fn any_stored_key_can_be_named_in_a_step() {
    let payload = r#"{"self":1,"Self":0,"super":0,"crate":0,"_":0,"gen":2,"1 x":3," a":0,"m²":4,"½":0}"#;
    assert_eq!(Keys::decode(SchemaVersion::FIRST, payload.as_bytes()), Ok(Keys { sum: 10 }));
}
