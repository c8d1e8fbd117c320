//! The code that `derive(EventSet)` writes: a feed receives the events of its aggregates as these decode them.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use es_core::{
    Aggregate, Apply, DecodeError, Event, EventName, EventSet, Events, Filter, IntoEvents, Retired, SchemaVersion,
    StoredEvent, StreamId, Timestamp, Version,
};
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($name:literal $vis:vis $event:ident { $($field:ident: $of:ty),* })+) => {$(
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event(name = $name)]
        $vis struct $event { $($vis $field: $of),* }
    )+};
}

events! {
    "received" Received { cents: u64 }
    "written_off" WrittenOff {}
    "commented" Commented { text: String }  // Both aggregates hold it.
    "noted" Noted { text: String }          // Order has another under this name
    "shipped" Shipped { by: String }
    "paid" Paid { cents: u64 }              // Retired: became Received.
    "settled" Settled { cents: u64 }        // Retired: became Received, WrittenOff and Received.
    "reminded" Reminded {}                  // Retired: became nothing.
    "misc" Misc { cents: u64 }              // Retired: its successors are not known at compile time.
    "moved" Moved { cents: u64 }            // Retired in the same way by every aggregate that holds Received.
}

mod order {
    use super::{Deserialize, Event, Serialize};

    events! { "noted" pub(super) Noted { page: u8 } }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "packed", version = 2, alias("boxed", up_to = 1))]
struct Packed {
    #[event(added(in = 2, default = 1))]
    boxes: u8,
}

#[derive(Aggregate, Default)]
#[aggregate(
    category = "invoice", id = String, events(Received, WrittenOff, Commented, Noted),
    retired(Paid, Settled, Reminded, Misc, Moved)
)]
struct Invoice;

impl<E> Apply<E> for Invoice {
    fn apply(&mut self, _: E) {}
}

#[derive(Aggregate, Default)]
#[aggregate(category = "order", id = String, events(Shipped, Commented, Packed, order::Noted))]
struct Order;

impl<E> Apply<E> for Order {
    fn apply(&mut self, _: E) {}
}

impl Retired<Invoice> for Paid {
    fn successors(self) -> impl IntoEvents<Invoice> {
        Received { cents: self.cents }
    }
}

impl Retired<Invoice> for Settled {
    fn successors(self) -> impl IntoEvents<Invoice> {
        let half = Received { cents: self.cents / 2 };
        (half.clone(), Some(WrittenOff {}), vec![half])
    }
}

impl Retired<Invoice> for Reminded {
    fn successors(self) -> impl IntoEvents<Invoice> {}
}

impl Retired<Invoice> for Misc {
    fn successors(self) -> impl IntoEvents<Invoice> {
        Events::new().and(Noted { text: String::new() })
    }
}

impl<A: Aggregate> Retired<A> for Moved
where
    Received: IntoEvents<A>,
{
    fn successors(self) -> impl IntoEvents<A> {
        [Received { cents: self.cents }]
    }
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice))]
enum Money {
    Received(Received),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice))]
enum WriteOffs {
    WrittenOff(WrittenOff),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice, Order))]
enum Both {
    In(Received),
    Shipped(Shipped),
    Packed(Packed),
    Commented(Commented),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice, Order))]
enum InvoiceNotes {
    Noted(Noted),
    Shipped(Shipped),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice, Order))]
enum AllNotes {
    Invoice(Noted),
    Order(order::Noted),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice))]
enum Comments {
    Commented(Commented),
}

fn read<S: EventSet>(category: &str, name: &str, payload: &str) -> Result<Vec<S>, DecodeError> {
    let mut read = Vec::new();
    S::decode(category, name, SchemaVersion::FIRST, payload.as_bytes(), |event| read.push(event))?;
    Ok(read)
}

#[test]
fn a_feed_reads_retired_events_only_if_they_may_become_one_of_its_events() {
    assert_eq!(Money::NAMES, ["received", "paid", "settled", "misc", "moved"]);
    assert_eq!(WriteOffs::NAMES, ["written_off", "settled", "misc"]);
    assert_eq!(Comments::NAMES, ["commented", "misc"]);
    let both = ["received", "commented", "paid", "settled", "misc", "moved", "shipped", "commented", "packed", "boxed"];
    assert_eq!(Both::NAMES, both);
}

#[test]
fn a_feed_reads_the_categories_of_its_aggregates() {
    assert_eq!((Comments::CATEGORIES, Both::CATEGORIES), (&["invoice"][..], &["invoice", "order"][..]));
    let filter = Filter::events::<Comments>();
    assert!(filter.accepts(&stream("invoice"), "commented") && !filter.accepts(&stream("order"), "commented"));
    let filter = Filter::events::<InvoiceEvent>();
    assert!(filter.accepts(&stream("invoice"), "paid") && !filter.accepts(&stream("order"), "commented"));
}

#[test]
fn a_projection_over_an_aggregate_wants_also_what_it_does_not_know_and_one_over_a_feed_does_not() {
    assert_eq!((InvoiceEvent::EVERY, Both::EVERY), (&["invoice"][..], &[][..]));
    for (name, of_the_aggregate, of_the_feed) in
        [("received", true, true), ("paid", true, true), ("written_off", true, false), ("unheard", true, false)]
    {
        let wants = (InvoiceEvent::wants("invoice", name), Both::wants("invoice", name));
        assert_eq!(wants, (of_the_aggregate, of_the_feed), "{name}");
        assert!(!InvoiceEvent::wants("order", name) && !Both::wants("order", name), "{name}");
    }
    // By the category, although another aggregate has an event of the name that the feed lists.
    assert!(Both::wants("order", "shipped") && !Both::wants("invoice", "shipped"));
}

#[test]
fn a_projection_wants_what_it_handles_or_does_not_know_and_not_what_it_ignores() {
    #[derive(Default)]
    struct Sum;

    #[es_core::project(name = "sum", every(Invoice), of(Order), ignores(WrittenOff, Commented, Noted), event = Summed)]
    impl Sum {
        fn received(&mut self, _: &Received) {}
        fn shipped(&mut self, _: &Shipped) {}
    }

    assert_eq!((Summed::EVERY, Summed::CATEGORIES), (&["invoice"][..], &["order", "invoice"][..]));
    for (category, name, wanted) in [
        ("invoice", "received", true),
        ("invoice", "settled", true),
        ("invoice", "written_off", false),
        ("invoice", "commented", false),
        ("invoice", "unheard", true),
        ("order", "shipped", true),
        ("order", "packed", false),
        ("order", "unheard", false),
        ("account", "unheard", false),
    ] {
        assert_eq!(Summed::wants(category, name), wanted, "{category}, {name}");
    }
}

#[test]
fn a_feed_receives_the_listed_successors_of_a_retired_event() {
    let received = |cents| Money::Received(Received { cents });
    assert_eq!(read("invoice", "received", r#"{"cents":5}"#), Ok(vec![received(5)]));
    assert_eq!(read("invoice", "paid", r#"{"cents":5}"#), Ok(vec![received(5)]));
    assert_eq!(read("invoice", "moved", r#"{"cents":5}"#), Ok(vec![received(5)]));
    assert_eq!(read("invoice", "settled", r#"{"cents":4}"#), Ok(vec![received(2), received(2)]));
    assert_eq!(read("invoice", "settled", r#"{"cents":4}"#), Ok(vec![WriteOffs::WrittenOff(WrittenOff {})]));
    assert_eq!(read::<Money>("invoice", "misc", r#"{"cents":5}"#), Ok(vec![]), "it became something else");
}

#[test]
fn the_parts_that_a_feed_lists_are_numbered_from_0() {
    let stream = StreamId::new("invoice", "1").unwrap();
    let name = EventName::from_static("settled").unwrap();
    let at = StoredEvent::at(stream, Version::new(7), es_core::Position::new(70), Timestamp::now());
    let stored = at.event(uuid::Uuid::nil(), name, SchemaVersion::FIRST, r#"{"cents":4}"#, None);
    assert_eq!(parts::<Money>(&stored), [(7, 0), (7, 1)]);
    assert_eq!(parts::<WriteOffs>(&stored), [(7, 0)]);
    assert_eq!(parts::<InvoiceEvent>(&stored), [(7, 0), (7, 1), (7, 2)]);
}

fn parts<S: EventSet>(stored: &StoredEvent) -> Vec<(u64, u32)> {
    stored.decode::<S>().unwrap().iter().map(|event| (event.version.get(), event.part)).collect()
}

#[test]
fn a_name_that_two_aggregates_share_is_distinguished_by_the_category() {
    let text = r#"{"text":"t"}"#;
    assert_eq!(read("invoice", "noted", text), Ok(vec![AllNotes::Invoice(Noted { text: "t".into() })]));
    assert_eq!(read("order", "noted", r#"{"page":7}"#), Ok(vec![AllNotes::Order(order::Noted { page: 7 })]));
    // Names and categories are filtered independently, so the reader gets the other event. The feed does not decode it.
    assert!(Filter::events::<InvoiceNotes>().accepts(&stream("order"), "noted"));
    assert_eq!(read::<InvoiceNotes>("order", "noted", "not even JSON"), Ok(vec![]));
    assert_eq!(read("invoice", "noted", text), Ok(vec![InvoiceNotes::Noted(Noted { text: "t".into() })]));
}

#[test]
fn an_event_of_two_aggregates_is_received_from_the_named_ones() {
    let commented = || Commented { text: "t".into() };
    for category in ["invoice", "order"] {
        assert_eq!(read(category, "commented", r#"{"text":"t"}"#), Ok(vec![Both::Commented(commented())]));
    }
    assert_eq!(read("invoice", "commented", r#"{"text":"t"}"#), Ok(vec![Comments::Commented(commented())]));
    assert_eq!(read::<Comments>("order", "commented", r#"{"text":"t"}"#), Ok(vec![]));
}

#[test]
fn an_alias_is_read_up_to_its_last_schema_version() {
    let boxed = |version, payload: &str| {
        let mut read = Vec::new();
        let version = SchemaVersion::new(version).unwrap();
        Both::decode("order", "boxed", version, payload.as_bytes(), |event| read.push(event)).map(|()| read)
    };
    assert_eq!(boxed(1, "{}"), Ok(vec![Both::Packed(Packed { boxes: 1 })]));
    assert_eq!(boxed(2, "{}"), Err(DecodeError::Newer { known: SchemaVersion::FIRST }));
}

#[test]
fn a_feed_ignores_events_that_a_wider_filter_reads() {
    assert_eq!(read::<Money>("invoice", "written_off", "{}"), Ok(vec![]));
    assert_eq!(read::<Money>("ledger", "received", r#"{"cents":5}"#), Ok(vec![]));
    assert_eq!(read::<Money>("invoice", "written_off", "not decoded"), Ok(vec![]));
}

#[test]
fn events_unknown_to_the_aggregate_are_typed_errors() {
    assert_eq!(read::<Both>("order", "never_heard_of", "{}"), Err(DecodeError::UnknownName));
    assert!(matches!(read::<Money>("invoice", "paid", "{}"), Err(DecodeError::Payload(_))));
    let newer = Money::decode("invoice", "paid", SchemaVersion::new(2).unwrap(), b"{}", drop);
    assert_eq!(newer, Err(DecodeError::Newer { known: SchemaVersion::FIRST }));
}

fn stream(category: &str) -> StreamId {
    StreamId::new(category, "1").unwrap()
}
