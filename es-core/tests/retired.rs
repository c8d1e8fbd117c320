//! Retired events: their successors, in an aggregate and in a set.

use es_core::{Aggregate, DecodeError, Event, EventSet, IntoEvents, Retired, SchemaVersion};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawn")]
struct Withdrawn {
    amount: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "transfer.made")]
struct TransferMade {
    out: i64,
    back: i64,
}

/// One impl for every aggregate that holds both events.
impl<A: Aggregate> Retired<A> for TransferMade
where
    Withdrawn: IntoEvents<A>,
    Deposited: IntoEvents<A>,
{
    fn successors(self) -> impl IntoEvents<A> {
        (Withdrawn { amount: self.out }, (self.back > 0).then_some(Deposited { amount: self.back }))
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.greeted")]
struct Greeted;

impl Retired<Account> for Greeted {
    fn successors(self) -> impl IntoEvents<Account> {}
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited, Withdrawn), retired(TransferMade, Greeted))]
struct Account {
    balance: i64,
}

#[es_core::apply]
impl Account {
    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
    }
    fn withdrawn(&mut self, event: Withdrawn) {
        self.balance -= event.amount;
    }
}

fn read<S: EventSet>(name: &str, payload: &str) -> Result<Vec<S>, DecodeError> {
    let mut read = Vec::new();
    S::decode("account", name, SchemaVersion::FIRST, payload.as_bytes(), |event| read.push(event))?;
    Ok(read)
}

#[test]
fn a_retired_event_becomes_one_many_or_none() {
    let made = |back| read::<AccountEvent>("transfer.made", &format!(r#"{{"out":5,"back":{back}}}"#));
    let withdrawn = AccountEvent::from(Withdrawn { amount: 5 });
    assert_eq!(made(0), Ok(vec![withdrawn.clone()]));
    assert_eq!(made(2), Ok(vec![withdrawn, Deposited { amount: 2 }.into()]));
    assert_eq!(read::<AccountEvent>("account.greeted", "null"), Ok(vec![]));
}

#[test]
fn filters_include_retired_names() {
    assert_eq!(AccountEvent::NAMES, ["account.deposited", "account.withdrawn", "transfer.made", "account.greeted"]);
}

#[test]
fn successors_of_a_retired_event_are_applied() {
    let mut account = Account::initial();
    AccountEvent::decode("account", "transfer.made", SchemaVersion::FIRST, br#"{"out":5,"back":2}"#, |event| {
        account.apply_event(event);
    })
    .unwrap();
    assert_eq!(account.balance, -3);
}

#[test]
fn a_retired_payload_that_does_not_fit_is_an_error() {
    assert!(matches!(read::<AccountEvent>("transfer.made", "[]"), Err(DecodeError::Payload(_))));
    assert!(read::<AccountEvent>("account.greeted", "null").is_ok());
}

#[test]
fn an_event_of_another_category_is_unknown_to_the_aggregate() {
    let read = AccountEvent::decode("order", "account.greeted", SchemaVersion::FIRST, b"null", drop);
    assert_eq!(read, Err(DecodeError::UnknownName));
}
