//! The nesting of a payload, in every form of serde that writes arrays and objects.

use std::collections::BTreeMap;

use es_core::{Aggregate, EncodeError, Event, NewEvent};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "nested")]
struct Nested(Deep);

#[derive(Aggregate, Default)]
#[aggregate(category = "nest", id = String, events(Nested))]
struct Nest;

#[es_core::apply]
impl Nest {
    fn nested(&mut self, _: Nested) {}
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Deep {
    End,
    New(Box<Deep>),
    Tuple(u8, Box<Deep>),
    Struct { inside: Box<Deep> },
    Seq(Vec<Deep>),
    Pair((u8, Box<Deep>)),
    Map(BTreeMap<String, Deep>),
    Some(Option<Box<Deep>>),
    Named(Box<Named>),
    Unnamed(Box<Unnamed>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Named {
    inside: Deep,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unnamed(u8, Deep);

/// Ways to nest a value one level deeper.
const WAYS: [fn(Deep) -> Deep; 9] = [
    |inside| Deep::New(Box::new(inside)),
    |inside| Deep::Tuple(1, Box::new(inside)),
    |inside| Deep::Struct { inside: Box::new(inside) },
    |inside| Deep::Seq(vec![Deep::End, inside]),
    |inside| Deep::Pair((1, Box::new(inside))),
    |inside| Deep::Map(BTreeMap::from([("key".to_owned(), inside)])),
    |inside| Deep::Some(Some(Box::new(inside))),
    |inside| Deep::Named(Box::new(Named { inside })),
    |inside| Deep::Unnamed(Box::new(Unnamed(1, inside))),
];

/// The depth of nesting, counted by brackets; no string in these payloads holds one.
fn brackets(json: &str) -> usize {
    let deepest = json.chars().scan(0_usize, |depth, char| {
        match char {
            '[' | '{' => *depth += 1,
            ']' | '}' => *depth -= 1,
            _ => {}
        }
        Some(*depth)
    });
    deepest.max().unwrap_or(0)
}

#[test]
fn nesting_is_limited_to_a_hundred_in_every_serde_form() {
    for (number, deeper) in WAYS.into_iter().enumerate() {
        let (mut value, mut refused) = (Deep::End, 0);
        for _ in 0..101 {
            value = deeper(value);
            // One more level of another kind, so that odd depths are tested, too.
            for value in [value.clone(), WAYS[0](value.clone())] {
                let json = serde_json::to_string(&value).unwrap();
                let encoded = NewEvent::encode(&NestEvent::from(Nested(value)), drop);
                if brackets(&json) <= 100 {
                    assert_eq!(encoded.unwrap().payload(), &json, "way {number}");
                } else {
                    refused += 1;
                    let depth = brackets(&json);
                    assert!(matches!(encoded, Err(EncodeError::TooDeep { .. })), "way {number}, {depth} deep");
                }
            }
        }
        assert!(refused > 0, "way {number} never came to the limit");
    }
}
