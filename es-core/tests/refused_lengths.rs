//! A wrong length is reported for its field, even if serde gives no position for it.

use es_core::{DecodeError, Event, PayloadErrorKind, SchemaVersion};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// Two numbers, deserialized from a list of any length, whose length is checked at its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Two(Vec<u8>);

impl<'de> Deserialize<'de> for Two {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = Vec::deserialize(deserializer)?;
        if numbers.len() == 2 { Ok(Self(numbers)) } else { Err(D::Error::invalid_length(numbers.len(), &"two")) }
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "named")]
struct Named {
    first: Two,
    last: Two,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "unnamed")]
struct Unnamed(u8, u8);

/// The kind and the field of the payload error.
fn kind_and_field<E: Event>(payload: &str) -> (PayloadErrorKind, Option<&'static str>) {
    match E::decode(SchemaVersion::FIRST, payload.as_bytes()) {
        Err(DecodeError::Payload(error)) => (error.kind, error.field),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it fits"),
    }
}

#[test]
fn a_wrong_length_names_its_field_in_any_order() {
    assert_eq!(kind_and_field::<Named>(r#"{"first":[1],"last":[1,2]}"#), (PayloadErrorKind::Length, Some("first")));
    assert_eq!(kind_and_field::<Named>(r#"{"first":[1,2],"last":[1]}"#), (PayloadErrorKind::Length, Some("last")));
    assert_eq!(
        kind_and_field::<Named>(r#"{"last":[1,2],"first":[1,2,3] }"#),
        (PayloadErrorKind::Length, Some("first"))
    );
}

#[test]
fn a_tuple_that_is_too_short_names_no_field() {
    assert_eq!(kind_and_field::<Unnamed>("[1]"), (PayloadErrorKind::Length, None));
}
