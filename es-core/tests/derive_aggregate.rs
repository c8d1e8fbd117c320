//! The code that `derive(Aggregate)` and `#[apply]` write.

use es_core::{
    Aggregate, AggregateEvent, Apply, DecodeError, Event, EventSet, Events, Handle, IntoEvents, SchemaVersion,
};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 1)]
struct Deposited {
    amount: i64,
}

#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate(category = "account", id = String, events(Opened, Deposited as PaidIn))]
struct Account {
    open: bool,
    balance: i64,
}

#[es_core::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }

    /// Its documentation is kept.
    fn deposited(&mut self, Deposited { amount }: Deposited) {
        self.balance += amount;
    }
}

struct Open {
    owner: String,
    gift: Option<i64>,
}

impl Handle<Open> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Open) -> Result<impl IntoEvents<Self>, Self::Error> {
        if self.open {
            return Ok(Events::new());
        }
        let gift = command.gift.map(|amount| Deposited { amount });
        Ok(Events::new().and(Opened { owner: command.owner }).and(gift))
    }
}

// A second aggregate in the module: it shares an event with the first, its state is an enum, and `Apply` is written by hand.
#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate(category = "audit", id = u64, event = Audited, events(Opened, shop::Sold), crate = ::es_core)]
enum Audit {
    #[default]
    Quiet,
    Busy(u32),
}

impl Apply<Opened> for Audit {
    fn apply(&mut self, _: Opened) {
        *self = Self::Busy(1);
    }
}

#[es_core::apply(crate = es_core)]
impl Audit {
    fn sold(&mut self, event: shop::Sold) {
        if let Self::Busy(count) = self {
            *count += event.pieces;
        }
    }
}

mod shop {
    use super::{Deserialize, Event, Serialize};

    // Neither `Debug` nor `PartialEq`, so the enum of `Audit` has neither.
    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "shop.sold")]
    pub(super) struct Sold {
        pub(super) pieces: u32,
    }
}

fn decide<A: Handle<C>, C>(state: &A, command: C) -> Vec<A::Event> {
    state.handle(command).ok().into_iter().flat_map(IntoEvents::into_events).collect()
}

#[test]
fn decided_events_are_applied() {
    let mut account = Account::initial();
    let events = decide(&account, Open { owner: "Ada".into(), gift: Some(5) });
    assert_eq!(events, [Opened { owner: "Ada".into() }.into(), AccountEvent::PaidIn(Deposited { amount: 5 })]);
    for event in events.clone() {
        account.apply_event(event);
    }
    assert_eq!(account, Account { open: true, balance: 5 });
    assert_eq!(decide(&account, Open { owner: "Bob".into(), gift: None }), []);
    assert_eq!(format!("{:?}", events[1]), "PaidIn(Deposited { amount: 5 })");
}

#[test]
fn methods_of_an_apply_block_can_still_be_called() {
    let mut account = Account::default();
    account.deposited(Deposited { amount: 2 });
    assert_eq!(account.balance, 2);
}

#[test]
fn an_enum_starts_in_its_default_state() {
    let mut audit = Audit::initial();
    assert_eq!(audit, Audit::Quiet);
    audit.apply_event(Opened { owner: String::new() }.into());
    audit.apply_event(shop::Sold { pieces: 4 }.into());
    assert_eq!(audit, Audit::Busy(5));
    assert_eq!((Account::CATEGORY, Audit::CATEGORY), ("account", "audit"));
}

#[test]
fn an_event_of_the_set_round_trips_under_its_name_and_schema_version() {
    assert_eq!(AccountEvent::NAMES, ["account.opened", "account.deposited"]);
    let event = AccountEvent::from(Deposited { amount: 3 });
    assert_eq!((event.name(), event.schema_version()), ("account.deposited", SchemaVersion::FIRST));
    let mut payload = Vec::new();
    event.encode(&mut payload).unwrap();
    let mut read = Vec::new();
    AccountEvent::decode("account", "account.deposited", SchemaVersion::FIRST, &payload, |event| read.push(event))
        .unwrap();
    assert_eq!(read, [event]);
}

#[test]
fn unknown_names_and_newer_schema_versions_are_different_errors() {
    let second = SchemaVersion::new(2).unwrap();
    let read =
        |name, version, payload| AccountEvent::decode("account", name, version, payload, |_| panic!("nothing to read"));
    assert_eq!(read("shop.sold", SchemaVersion::FIRST, b"{}"), Err(DecodeError::UnknownName));
    assert_eq!(read("account.opened", second, b"{}"), Err(DecodeError::Newer { known: SchemaVersion::FIRST }));
    assert!(matches!(read("account.opened", SchemaVersion::FIRST, b"{}"), Err(DecodeError::Payload(_))));
}
