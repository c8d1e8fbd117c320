//! Ids: what they print names the stream.

use std::{convert::Infallible, fmt, str::FromStr};

use super::*;

/// An aggregate `Account` whose ids print with this prefix.
macro_rules! printed {
    ($name:ident, $ty:ident, $prefix:literal) => {
        mod $name {
            use super::*;

            #[derive(Clone)]
            pub(super) struct $ty(String);

            impl FromStr for $ty {
                type Err = Infallible;

                fn from_str(text: &str) -> Result<Self, Infallible> {
                    Ok(Self(text.to_owned()))
                }
            }

            impl fmt::Display for $ty {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}{}", $prefix, self.0)
                }
            }

            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = $ty, events(first::Opened))]
            pub(super) struct Account;

            impl Apply<first::Opened> for Account {
                fn apply(&mut self, _: first::Opened) {}
            }
        }
    };
}

printed!(plain, AccountId, "");
printed!(prefixed, AccountId, "acc-");
printed!(renamed, CustomerId, "");

/// An aggregate `Account` with ids of this type.
macro_rules! of {
    ($name:ident, $ty:ty) => {
        mod $name {
            use super::*;

            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = $ty, events(first::Opened))]
            pub(super) struct Account;

            impl Apply<first::Opened> for Account {
                fn apply(&mut self, _: first::Opened) {}
            }
        }
    };
}

of!(small, u32);
of!(large, u64);
of!(uuid, ::uuid::Uuid);
of!(text, ::std::string::String);
of!(unparsed, Unparsed);

/// An id without `FromStr`.
#[derive(Clone)]
struct Unparsed;

impl fmt::Display for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one")
    }
}

/// An aggregate that is written by hand.
struct ByHand;

impl Aggregate for ByHand {
    const CATEGORY: &'static str = "account";
    type Id = Unparsed;
    type Event = first::AccountEvent;

    fn initial() -> Self {
        Self
    }

    fn apply_event(&mut self, _: Self::Event) {}
}

#[test]
fn an_id_that_prints_something_else_fails() {
    let failure = Written::by::<plain::Account>().fails::<prefixed::Account>();
    assert!(failure.contains("before  id is AccountId, prints 1 as \"1\""), "{failure}");
    assert!(failure.contains("after   id is AccountId, prints 1 as \"acc-1\""), "{failure}");
    assert!(failure.contains("OVERWRITE_EVENT='id of account' cargo test"), "{failure}");
    Written::by::<large::Account>().fails::<text::Account>();
    Written::by::<text::Account>().fails::<uuid::Account>();
    Written::by::<uuid::Account>().fails::<text::Account>();
}

#[test]
fn an_id_of_another_type_fails_even_if_it_prints_the_same() {
    Written::by::<small::Account>().fails::<large::Account>();
    let written = Written::by::<plain::Account>();
    written.fails::<renamed::Account>();
    let lock = written.lock.clone().overwriting(["id of account"]);
    lock.run::<renamed::Account>(Update::Nothing).expect("given up");
    written.holds::<renamed::Account>();
    written.fails::<plain::Account>();
}

#[test]
fn an_id_without_from_str_is_compared_by_its_type_only() {
    let written = Written::by::<unparsed::Account>();
    assert!(written.text().contains("  id is Unparsed, of which only the type is watched\n"), "{}", written.text());
    written.holds::<unparsed::Account>();
    written.fails::<plain::Account>();
    let by_hand = Written::by::<ByHand>();
    assert!(by_hand.text().contains("::Unparsed, of which only the type is watched\n"), "{}", by_hand.text());
    by_hand.holds::<ByHand>();
}

#[test]
fn the_spelling_of_an_ids_type_changes_nothing() {
    Written::by::<first::Account>().holds::<text::Account>();
}
