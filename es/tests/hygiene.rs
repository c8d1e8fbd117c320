//! The names around an event do not change generated code, and generated code triggers no lints.

#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
#![expect(dead_code, non_upper_case_globals, reason = "names that only stand in the way")]
#![expect(clippy::redundant_pub_crate, reason = "rustc's `unreachable_pub` asks for the other")]

use es::{SchemaVersion, prelude::*};

const event: u8 = 1;
const old: u8 = 2;
const payload: u8 = 3;
const stored: u8 = 4;
static f: u8 = 5;
static each: u8 = 6;
struct New;
struct Second;
struct First;
struct E;
struct T;
struct A;

mod deprecated {
    use super::*;

    #[deprecated = "a newer one is written"]
    #[derive(Event, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[event(name = "hygiene.deprecated", version = 3, alias("hygiene.old", up_to = 1))]
    #[event(removed(in = 3, name = "gone", type = Option<Box<[u8]>>))]
    pub(super) struct Deprecated {
        #[deprecated = "it says nothing"]
        #[event(changed(in = 2, from = u8, with = u16::from))]
        #[serde(rename = "was")]
        pub number: u16,
        #[event(added(in = 3, default = Self::usual()))]
        pub by_self: u8,
        #[event(added(in = 2, default = |_| Self::USUAL))]
        pub by_closure: u8,
        #[event(changed(in = 3, from = Vec<Self>, try_with = Self::only))]
        pub boxed: Option<Box<Self>>,
        #[event(changed(in = 3, from = u8, with = |number| { [Self::USUAL, number].iter().sum() }))]
        pub summed: u8,
    }

    #[expect(deprecated, reason = "its own")]
    impl Deprecated {
        const USUAL: u8 = 7;

        const fn usual() -> u8 {
            8
        }

        fn only(list: Vec<Self>) -> Result<Option<Box<Self>>, &'static str> {
            if list.len() > 1 { Err("more than one") } else { Ok(list.into_iter().next().map(Box::new)) }
        }
    }

    #[test]
    #[expect(deprecated, reason = "it is about that")]
    fn a_deprecated_event_is_read() {
        let first = SchemaVersion::FIRST;
        let read = Deprecated::decode(first, br#"{"was":1,"gone":null,"boxed":[],"summed":2}"#);
        let wanted = Deprecated { number: 1, by_self: 8, by_closure: 7, boxed: None, summed: 9 };
        assert_eq!(read, Ok(wanted));
    }
}

/// A fact.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "hygiene.kept", version = 2)]
pub struct Kept {
    #[event(added(in = 2, default = old))]
    event: u8,
    #[event(changed(in = 2, from = u8, with = |number| f + number))]
    r#type: u8,
    old: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Maybe,
    #[serde(skip, default)]
    meant: u8,
}

type Maybe = Option<Box<u8>>;

#[test]
fn names_around_an_event_do_not_clash_with_generated_ones() {
    let read = Kept::decode(SchemaVersion::FIRST, br#"{"type":1,"old":null}"#);
    assert_eq!(read, Ok(Kept { event: 2, r#type: 6, old: None, alias: None, meant: 0 }));
}
