//! A library under every lint that could speak of generated code, documented as a careful author would.

#![deny(warnings, missing_docs, missing_debug_implementations, unused, nonstandard_style, rust_2018_idioms)]
#![deny(let_underscore, refining_impl_trait, unnameable_types, unused_qualifications, unused_lifetimes)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(
    clippy::redundant_pub_crate,
    clippy::needless_arbitrary_self_type,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_ref_mut,
    clippy::wrong_self_convention,
    reason = "what the user wrote is not on trial"
)]
#![deny(private_interfaces, private_bounds, single_use_lifetimes, trivial_casts, unused_results, unreachable_pub)]

use domain::{Account, AccountEvent, Audit, AuditEvent, Feed};

mod domain {
    use es::{Aggregate, Apply, Event, EventSet, IntoEvents, Retired};
    use serde::{Deserialize, Serialize};

    /// A fact.
    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub(crate) struct Opened {
        /// Whose it is.
        pub(crate) owner: String,
    }

    /// A fact called as a word of the language.
    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.moved")]
    #[allow(non_camel_case_types, reason = "a name of the user's")]
    pub(crate) struct r#move;

    /// A fact with a type of its own.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Noted<T>(pub(crate) T);

    impl Event for Noted<u8> {
        const NAME: &'static str = "account.noted";
        const SCHEMA_VERSION: es::SchemaVersion = es::SchemaVersion::FIRST;
        const SCHEMA: &'static es::schema::Schema = &es::schema::Schema { name: Self::NAME, ..*Opened::SCHEMA };

        fn decode(stored: es::SchemaVersion, payload: &[u8]) -> Result<Self, es::DecodeError> {
            es::decode_single(stored, payload)
        }
    }

    /// A fact that is no longer written.
    #[derive(Event, Clone, Debug, Serialize, Deserialize)]
    #[event(name = "account.greeted")]
    pub(crate) struct Greeted;

    impl Retired<Account> for Greeted {
        fn successors(self) -> impl IntoEvents<Account> {
            [Opened { owner: String::new() }]
        }
    }

    /// A state.
    #[derive(Aggregate, Default, Debug)]
    #[aggregate(category = "account", id = u64, events(Opened, r#move as Moved, Noted<u8>), retired(Greeted))]
    pub(crate) struct Account {
        /// Whose it is.
        pub(crate) owner: String,
        notes: u64,
    }

    #[es::apply]
    impl Account {
        fn opened(&mut self, event: Opened) {
            self.owner = event.owner;
        }
        fn moved(self: &mut Self, r#move: r#move) {
            let _ = r#move;
        }
        #[cfg(not(target_os = "none"))]
        fn noted(&mut self, Noted(note): Noted<u8>) {
            self.notes += u64::from(note);
        }
        #[cfg(any())]
        fn never(&mut self, _: Never) {}
    }

    /// A state of another sort, with a single event.
    #[derive(Aggregate, Default, Debug)]
    #[aggregate(category = "audit", id = u64, events(Opened))]
    pub(crate) enum Audit {
        /// The first.
        #[default]
        Quiet,
        /// The second.
        Busy,
    }

    impl Apply<Opened> for Audit {
        fn apply(&mut self, _: Opened) {
            *self = Self::Busy;
        }
    }

    /// What a projection reads.
    #[derive(EventSet, Debug)]
    #[event_set(of(Account, Audit))]
    pub(crate) enum Feed {
        /// A fact.
        Opened(Opened),
        /// Another.
        Moved(r#move),
    }
}

pub(crate) fn main() {
    use es::{Aggregate, AggregateEvent, EventSet};

    // in a function, too
    #[derive(Aggregate, Default, Debug)]
    #[aggregate(category = "local", id = u64, events(domain::Opened))]
    struct Local {
        open: bool,
    }

    #[es::apply]
    impl Local {
        fn opened(&mut self, _: domain::Opened) {
            self.open = true;
        }
    }

    let opened = domain::Opened { owner: "Ada".into() };
    let mut local = Local::initial();
    local.apply_event(opened.clone().into());
    assert!(local.open);
    let mut account = Account::initial();
    account.apply_event(opened.clone().into());
    account.apply_event(AccountEvent::Moved(domain::r#move));
    account.apply_event(domain::Noted(3).into());
    assert_eq!(format!("{account:?}"), r#"Account { owner: "Ada", notes: 3 }"#);
    let mut audit = Audit::initial();
    audit.apply_event(AuditEvent::Opened(opened.clone()));
    assert!(matches!(audit, Audit::Busy));
    assert_eq!(AuditEvent::from(opened.clone()), AuditEvent::Opened(opened.clone()));
    assert_eq!(format!("{:?}", Feed::Moved(domain::r#move)), "Moved(move)");
    assert_eq!(AccountEvent::from(opened.clone()).name(), "account.opened");
    assert!(matches!(Feed::Opened(opened), Feed::Opened(opened) if opened.owner == "Ada"));
    assert_eq!(Feed::NAMES, ["account.opened", "account.moved", "account.greeted", "account.opened"]);
}
