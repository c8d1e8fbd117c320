//! Feeds over what an older release stored, from the append to the reader.

#![cfg(feature = "memory")]

use std::sync::Arc;

use es::{Filter, SchemaVersion, StreamId, prelude::*};
use futures_util::{StreamExt, TryStreamExt};

/// The types that every release shares.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "commented")]
struct Commented {
    text: String,
}

/// The previous release.
mod before {
    use es::prelude::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "paid")]
    pub(crate) struct Paid {
        pub(crate) cents: u64,
    }

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "settled")]
    pub(crate) struct Settled {
        pub(crate) cents: u64,
    }

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "boxed")]
    pub(crate) struct Boxed {}

    #[derive(Aggregate, Default)]
    #[aggregate(category = "invoice", id = String, events(Paid, Settled, super::Commented, super::Noted))]
    pub(crate) struct Invoice;

    impl<E> Apply<E> for Invoice {
        fn apply(&mut self, _: E) {}
    }

    #[derive(Aggregate, Default)]
    #[aggregate(category = "order", id = String, events(Boxed, super::Commented, super::order::Noted))]
    pub(crate) struct Order;

    impl<E> Apply<E> for Order {
        fn apply(&mut self, _: E) {}
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "received")]
struct Received {
    cents: u64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "written_off")]
struct WrittenOff {
    cents: u64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "packed", version = 2, alias("boxed", up_to = 1))]
struct Packed {
    #[event(added(in = 2, default = 1))]
    boxes: u8,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "noted")]
struct Noted {
    text: String,
}

mod order {
    use es::prelude::*;

    /// Another event under the same name.
    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "noted")]
    pub(crate) struct Noted {
        pub(crate) page: u8,
    }
}

use before::{Paid, Settled};

#[derive(Aggregate, Default)]
#[aggregate(
    category = "invoice", id = String, events(Received, WrittenOff, Commented, Noted), retired(Paid, Settled)
)]
struct Invoice;

impl<E> Apply<E> for Invoice {
    fn apply(&mut self, _: E) {}
}

impl Retired<Invoice> for Paid {
    fn successors(self) -> impl IntoEvents<Invoice> {
        Received { cents: self.cents }
    }
}

impl Retired<Invoice> for Settled {
    fn successors(self) -> impl IntoEvents<Invoice> {
        let half = self.cents / 2;
        [half, self.cents - half].map(|cents| (Received { cents }, WrittenOff { cents: 0 }))
    }
}

#[derive(Aggregate, Default)]
#[aggregate(category = "order", id = String, events(Packed, Commented, order::Noted))]
struct Order;

impl<E> Apply<E> for Order {
    fn apply(&mut self, _: E) {}
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice))]
enum Money {
    Received(Received),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice))]
enum InvoiceTexts {
    Commented(Commented),
    Noted(Noted),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Order, Invoice))]
enum Everything {
    Packed(Packed),
    Received(Received),
    Commented(Commented),
    InvoiceNoted(Noted),
    OrderNoted(order::Noted),
}

/// A store that the previous release wrote.
async fn written() -> Arc<dyn EventStore> {
    let store = es::connect("memory:").await.expect("a store");
    let (invoices, orders) = (store.repository::<before::Invoice>(), store.repository::<before::Order>());
    let id = String::from("1");
    invoices.update(&id, |_| (Paid { cents: 5 }, Settled { cents: 7 })).await.expect("stored");
    orders.update(&id, |_| before::Boxed {}).await.expect("stored");
    invoices.update(&id, |_| Commented { text: "first".into() }).await.expect("stored");
    orders.update(&id, |_| Commented { text: "second".into() }).await.expect("stored");
    orders.update(&id, |_| order::Noted { page: 3 }).await.expect("stored");
    invoices.update(&id, |_| Noted { text: "third".into() }).await.expect("stored");
    store
}

/// The events that a reader of `S` receives, each with its version and its part.
async fn read<S: EventSet>(store: &dyn EventStore) -> Vec<(u64, u32, S)> {
    let read = store.events::<S>().read();
    let read: Vec<_> = read.try_collect().await.expect("every event is read");
    read.into_iter().map(|event| (event.version.get(), event.part, event.event)).collect()
}

fn received(cents: u64) -> Money {
    Money::Received(Received { cents })
}

#[tokio::test]
async fn a_feed_receives_a_retired_event_as_its_successors() {
    let store = written().await;
    assert_eq!(read::<Money>(&store).await, [(1, 0, received(5)), (2, 0, received(3)), (2, 1, received(4))]);
}

#[tokio::test]
async fn a_subscriber_receives_stored_and_new_events() {
    let store = written().await;
    let live = store.events::<Money>().subscribe();
    store.repository::<Invoice>().update(&"2".into(), |_| Received { cents: 9 }).await.expect("stored");
    let events: Vec<_> = live.take(4).try_collect().await.expect("every event is read");
    let events: Vec<_> = events.into_iter().map(|event| event.event).collect();
    assert_eq!(events, [received(5), received(3), received(4), received(9)]);
}

#[tokio::test]
async fn aliases_shared_names_and_shared_events_come_in_the_order_of_the_log() {
    let store = written().await;
    let commented = |text: &str| Everything::Commented(Commented { text: text.into() });
    let received = |cents| Everything::Received(Received { cents });
    let expected = [
        (1, 0, received(5)),
        (2, 0, received(3)),
        (2, 1, received(4)),
        (1, 0, Everything::Packed(Packed { boxes: 1 })),
        (3, 0, commented("first")),
        (2, 0, commented("second")),
        (3, 0, Everything::OrderNoted(order::Noted { page: 3 })),
        (4, 0, Everything::InvoiceNoted(Noted { text: "third".into() })),
    ];
    assert_eq!(read::<Everything>(&store).await, expected);
}

#[tokio::test]
async fn a_feed_receives_a_shared_event_from_the_named_aggregate_only() {
    let store = written().await;
    let commented = InvoiceTexts::Commented(Commented { text: "first".into() });
    let noted = InvoiceTexts::Noted(Noted { text: "third".into() });
    assert_eq!(read::<InvoiceTexts>(&store).await, [(3, 0, commented), (4, 0, noted)]);
}

#[tokio::test]
async fn a_wider_filter_gives_a_feed_no_further_events() {
    let store = written().await;
    let mut all = Vec::new();
    let mut stored = store.stored_events().read();
    while let Some(stored) = stored.try_next().await.expect("every event is read") {
        stored.decode_each(|event: Money| all.push(event)).expect("every event is decoded");
    }
    assert_eq!(all, [received(5), received(3), received(4)]);
}

#[tokio::test]
async fn an_aggregates_own_set_reads_no_other_category() {
    let store = written().await;
    let own: Vec<_> = read::<InvoiceEvent>(&store).await.into_iter().map(|(version, ..)| version).collect();
    assert_eq!(own, [1, 2, 2, 2, 2, 3, 4]);
    let commented = Filter::all().event::<Commented>();
    let narrowed = store.events::<InvoiceEvent>().filter(&commented).read();
    let versions: Vec<_> = narrowed.map_ok(|event| event.version.get()).try_collect().await.expect("invoices alone");
    assert_eq!(versions, [3], "the set narrows what the filter asks for");

    let mut wider = store.stored_events().filter(&commented).backward().limit(1).read();
    let order = wider.try_next().await.expect("read").expect("the order's comment");
    let error = order.decode::<InvoiceEvent>().expect_err("an order is no invoice");
    let order = StreamId::new("order", "1").expect("a stream");
    assert!(
        matches!(&error, ReadError::Decode { stream, source: es::DecodeError::UnknownName, schema_version, .. }
            if *stream == order && *schema_version == SchemaVersion::FIRST),
        "{error:?}"
    );
}
