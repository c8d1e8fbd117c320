//! A module whose constants, statics, types, functions, traits, modules and macros are called as generated code might call
//! its own.

#![deny(warnings)]
#![allow(dead_code, non_upper_case_globals, unused_imports, unused_macros, reason = "names that only stand in the way")]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(
    clippy::redundant_pub_crate,
    clippy::needless_arbitrary_self_type,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_ref_mut,
    clippy::wrong_self_convention,
    reason = "what the user wrote is not on trial"
)]

mod names {
    pub(crate) const event: u8 = 1;
    pub(crate) const events: u8 = 1;
    pub(crate) const one: u8 = 1;
    pub(crate) const name: u8 = 1;
    pub(crate) const schema_version: u8 = 1;
    pub(crate) const payload: u8 = 1;
    pub(crate) const category: u8 = 1;
    pub(crate) const member: u8 = 1;
    pub(crate) const state: u8 = 1;
    pub(crate) const index: u8 = 1;
    pub(crate) const to: u8 = 1;
    pub(crate) static f: u8 = 1;
    pub(crate) static out: u8 = 1;
    pub(crate) static each: u8 = 1;
    pub(crate) static other: u8 = 1;
    pub(crate) static given: u8 = 1;
    pub(crate) static formatter: u8 = 1;
    pub(crate) const stored: u8 = 1;
    pub(crate) struct New;
    pub(crate) struct Second;
    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct Vec;
    pub(crate) struct Box;
    pub(crate) struct Some;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct Member;
    pub(crate) struct May;
    pub(crate) struct Of;
    pub(crate) struct Held;
    pub(crate) struct Named;
    pub(crate) struct Listed;
    pub(crate) struct AggregateEvent;
    pub(crate) struct IntoEvents;
    pub(crate) struct Apply;
    pub(crate) struct Any;
    pub(crate) struct FnMut;
    pub(crate) mod core {}
    pub(crate) mod std {}
    pub(crate) mod serde {}
    pub(crate) mod es {}
    pub(crate) mod es_core {}
    macro_rules! matches {
        ($($any:tt)*) => {
            compile_error!("not for generated code")
        };
    }
    macro_rules! panic {
        ($($any:tt)*) => {
            compile_error!("not for generated code")
        };
    }
    pub(crate) use {matches as unreachable, matches as assert, panic as vec, panic as module_path};
    pub(crate) use {matches, panic};
}

/// Methods that every type has then, called as those of the traits that the macros write.
trait Methods {
    fn name(&self) {}
    fn encode(&self) {}
    fn give(&self) {}
    fn clone(&self) {}
    fn fmt(&self) {}
    fn eq(&self, _: u8) {}
    fn into_events(&self) {}
    fn successors(&self) {}
    fn apply(&self) {}
    fn apply_event(&self) {}
    fn apply_to(&self) {}
    fn schema_version(&self) {}
    fn debug_tuple(&self) {}
    fn field(&self) {}
    fn finish(&self) {}
    fn take(&self) {}
    fn len(&self) {}
    fn decode() {}
    fn from() {}
    fn initial() {}
    fn hear() {}
    fn default() {}
}

impl<T: ?Sized> Methods for T {}

mod events {
    use es::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub(crate) struct Opened {
        pub(crate) owner: u64,
    }

    #[derive(Event, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[event(name = "account.failed")]
    pub(crate) struct Error(pub(crate) u64);

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.greeted")]
    pub(crate) struct Greeted;
}

mod domain {
    use super::events::{Error, Greeted, Opened};
    #[allow(unused_imports, reason = "names that only stand in the way")]
    use super::{Methods as _, names::*};
    use ::es::{Aggregate, EventSet};

    impl ::es::Retired<Account> for Greeted {
        fn successors(self) -> impl ::es::IntoEvents<Account> {
            Opened { owner: 1 }
        }
    }

    #[derive(Aggregate, ::core::default::Default)]
    #[aggregate(category = "account", id = u64, events(Opened, Error), retired(Greeted))]
    pub(crate) struct Account {
        pub(crate) owner: u64,
    }

    #[::es::apply]
    impl Account {
        fn opened(&mut self, opened: Opened) {
            self.owner = opened.owner;
        }
        fn failed(&mut self, Error(code): Error) {
            self.owner += code;
        }
    }

    #[derive(EventSet, ::core::fmt::Debug, ::core::cmp::PartialEq, ::core::cmp::Eq)]
    #[event_set(of(Account))]
    pub(crate) enum Feed {
        Error(Error),
        Opened(Opened),
    }
}

pub(crate) fn main() {
    use es::{Aggregate, EventSet, SchemaVersion};

    let mut account = <domain::Account as Aggregate>::initial();
    account.owner = 0;
    let mut heard = Vec::new();
    for (name, payload) in [("account.greeted", &b"null"[..]), ("account.failed", b"5")] {
        let read = <domain::Feed as EventSet>::decode("account", name, SchemaVersion::FIRST, payload, |event| {
            heard.push(event);
        });
        assert_eq!(read, Ok(()));
        let read = <<domain::Account as Aggregate>::Event as EventSet>::decode(
            "account",
            name,
            SchemaVersion::FIRST,
            payload,
            |event| Aggregate::apply_event(&mut account, Clone::clone(&event)),
        );
        assert_eq!(read, Ok(()));
    }
    assert_eq!(heard, [domain::Feed::Opened(events::Opened { owner: 1 }), domain::Feed::Error(events::Error(5))]);
    assert_eq!(account.owner, 6);
}
