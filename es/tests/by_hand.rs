//! The guide's aggregate with every trait written by hand, compared with the derived one.

#![cfg(feature = "memory")]

use std::any::Any;

use es::{
    DecodeError, EncodeError, May, SchemaVersion, decode_single,
    prelude::*,
    schema::{Field, Form, Member, Presence, Schema, Shape},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Opened {
    owner: String,
}

impl Event for Opened {
    const NAME: &'static str = "account.opened";
    const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
    const SCHEMA: &'static Schema = &Schema {
        name: "account.opened",
        schema_version: SchemaVersion::FIRST,
        aliases: &[],
        shapes: &[Shape {
            schema_version: SchemaVersion::FIRST,
            form: Form::Named,
            fields: &[Field::new("owner", "String", Presence::Required)],
        }],
        previous: None,
        types: |_| (),
    };
    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        decode_single(stored, payload)
    }
}

impl From<Opened> for AccountEvent {
    fn from(event: Opened) -> Self {
        Self::Opened(event)
    }
}

impl IntoEvents<Account> for Opened {
    const MAY: May = May::Event(0);
    fn into_events(self) -> impl Iterator<Item = AccountEvent> {
        std::iter::once(AccountEvent::Opened(self))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Deposited {
    amount: u64,
}

impl Event for Deposited {
    const NAME: &'static str = "account.deposited";
    const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
    const SCHEMA: &'static Schema = &Schema {
        name: "account.deposited",
        schema_version: SchemaVersion::FIRST,
        aliases: &[],
        shapes: &[Shape {
            schema_version: SchemaVersion::FIRST,
            form: Form::Named,
            fields: &[Field::new("amount", "u64", Presence::Required)],
        }],
        previous: None,
        types: |_| (),
    };
    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        decode_single(stored, payload)
    }
}

impl From<Deposited> for AccountEvent {
    fn from(event: Deposited) -> Self {
        Self::Deposited(event)
    }
}

impl IntoEvents<Account> for Deposited {
    const MAY: May = May::Event(1);
    fn into_events(self) -> impl Iterator<Item = AccountEvent> {
        std::iter::once(AccountEvent::Deposited(self))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Withdrawn {
    amount: u64,
}

impl Event for Withdrawn {
    const NAME: &'static str = "account.withdrawn";
    const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
    const SCHEMA: &'static Schema = &Schema {
        name: "account.withdrawn",
        schema_version: SchemaVersion::FIRST,
        aliases: &[],
        shapes: &[Shape {
            schema_version: SchemaVersion::FIRST,
            form: Form::Named,
            fields: &[Field::new("amount", "u64", Presence::Required)],
        }],
        previous: None,
        types: |_| (),
    };
    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        decode_single(stored, payload)
    }
}

impl From<Withdrawn> for AccountEvent {
    fn from(event: Withdrawn) -> Self {
        Self::Withdrawn(event)
    }
}

impl IntoEvents<Account> for Withdrawn {
    const MAY: May = May::Event(2);
    fn into_events(self) -> impl Iterator<Item = AccountEvent> {
        std::iter::once(AccountEvent::Withdrawn(self))
    }
}

#[derive(Clone, Debug, PartialEq)]
enum AccountEvent {
    Opened(Opened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
}

impl EventSet for AccountEvent {
    const CATEGORIES: &'static [&'static str] = &[Account::CATEGORY];
    const NAMES: &'static [&'static str] = &[Opened::NAME, Deposited::NAME, Withdrawn::NAME];
    fn decode(
        category: &str,
        name: &str,
        version: SchemaVersion,
        payload: &[u8],
        mut each: impl FnMut(Self),
    ) -> Result<(), DecodeError> {
        match (category, name) {
            (Account::CATEGORY, Opened::NAME) => each(Self::Opened(Opened::decode(version, payload)?)),
            (Account::CATEGORY, Deposited::NAME) => each(Self::Deposited(Deposited::decode(version, payload)?)),
            (Account::CATEGORY, Withdrawn::NAME) => each(Self::Withdrawn(Withdrawn::decode(version, payload)?)),
            _ => return Err(DecodeError::UnknownName),
        }
        Ok(())
    }
}

impl AggregateEvent for AccountEvent {
    const MEMBERS: &'static [Member] = &[
        Member { schema: Opened::SCHEMA, retired: false, becomes: Opened::MAY },
        Member { schema: Deposited::SCHEMA, retired: false, becomes: Deposited::MAY },
        Member { schema: Withdrawn::SCHEMA, retired: false, becomes: Withdrawn::MAY },
    ];
    fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => Opened::NAME,
            Self::Deposited(_) => Deposited::NAME,
            Self::Withdrawn(_) => Withdrawn::NAME,
        }
    }
    fn schema_version(&self) -> SchemaVersion {
        SchemaVersion::FIRST
    }
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Opened(event) => event.encode(out),
            Self::Deposited(event) => event.encode(out),
            Self::Withdrawn(event) => event.encode(out),
        }
    }
    fn copied(&self) -> Self {
        self.clone()
    }
    fn give(self, to: &mut dyn FnMut(&mut dyn Any)) {
        match self {
            Self::Opened(event) => to(&mut Some(event)),
            Self::Deposited(event) => to(&mut Some(event)),
            Self::Withdrawn(event) => to(&mut Some(event)),
        }
    }
}

#[derive(Clone)]
struct Open {
    owner: String,
}
#[derive(Clone)]
struct Deposit {
    amount: u64,
}
#[derive(Clone)]
struct Withdraw {
    amount: u64,
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the account is not open")]
    NotOpen,
    #[error("there is only {balance}")]
    Insufficient { balance: u64 },
}

#[derive(Default, Clone, Debug)]
struct Account {
    open: bool,
    balance: u64,
}

impl Aggregate for Account {
    const CATEGORY: &'static str = "account";
    type Id = String;
    type Event = AccountEvent;
    fn initial() -> Self {
        Self::default()
    }
    fn apply_event(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened(event) => self.apply(event),
            AccountEvent::Deposited(event) => self.apply(event),
            AccountEvent::Withdrawn(event) => self.apply(event),
        }
    }
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: Opened) {
        self.open = true;
    }
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, event: Deposited) {
        self.balance += event.amount;
    }
}

impl Apply<Withdrawn> for Account {
    fn apply(&mut self, event: Withdrawn) {
        self.balance -= event.amount;
    }
}

impl Handle<Open> for Account {
    type Error = Refusal;
    fn handle(&self, Open { owner }: Open) -> Result<impl IntoEvents<Self>, Refusal> {
        Ok((!self.open).then_some(Opened { owner })) // Again: nothing happens.
    }
}

impl Handle<Deposit> for Account {
    type Error = Refusal;
    fn handle(&self, Deposit { amount }: Deposit) -> Result<impl IntoEvents<Self>, Refusal> {
        if self.open { Ok(Deposited { amount }) } else { Err(Refusal::NotOpen) }
    }
}

impl Handle<Withdraw> for Account {
    type Error = Refusal;
    fn handle(&self, Withdraw { amount }: Withdraw) -> Result<impl IntoEvents<Self>, Refusal> {
        if !self.open {
            return Err(Refusal::NotOpen);
        }
        if amount > self.balance {
            return Err(Refusal::Insufficient { balance: self.balance });
        }
        Ok(Withdrawn { amount })
    }
}

// End of the counted lines.

#[expect(unreachable_pub, reason = "the guide shows what other modules use")]
mod derived {
    include!("../src/guide/account.rs");
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Account))]
enum Flow {
    Out(Withdrawn),
}

#[test]
fn a_feed_reads_an_aggregate_that_is_written_by_hand() {
    assert_eq!((Flow::CATEGORIES, Flow::NAMES), (&["account"][..], &["account.withdrawn"][..]));
    let mut read = Vec::new();
    for name in AccountEvent::NAMES {
        let payload = br#"{"owner":"Jana","amount":5}"#;
        Flow::decode("account", name, SchemaVersion::FIRST, payload, |event| read.push(event)).expect("known");
    }
    assert_eq!(read, [Flow::Out(Withdrawn { amount: 5 })]);
}

#[tokio::test]
async fn a_hand_written_aggregate_reads_events_of_a_derived_one() {
    let store = es::connect("memory:").await.expect("a store");
    let (derived, by_hand) = (store.repository::<derived::Account>(), store.repository::<Account>());
    let id = String::from("1");
    derived.execute(&id, derived::Open { owner: "Jana".into() }).await.expect("opened");
    by_hand.execute(&id, Deposit { amount: 100 }).await.expect("deposited");
    derived.execute(&id, derived::Withdraw { amount: 30 }).await.expect("withdrawn");
    by_hand.execute(&id, Open { owner: "Jana".into() }).await.expect("nothing happens");
    let refused = by_hand.execute(&id, Withdraw { amount: 71 }).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(Refusal::Insufficient { balance: 70 }))), "{refused:?}");
    assert_eq!(derived.load(&id).await.expect("loaded").balance, 70);
    assert_eq!(AccountEvent::NAMES, derived::AccountEvent::NAMES);
}
