//! A feed selects from the events that its aggregate decodes without an allocation.

use es::{EventSet, SchemaVersion, prelude::*};

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "invoice.received")]
struct Received {
    cents: u64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "invoice.taxed")]
struct Taxed {
    cents: u64,
}

/// A retired event with the two others as successors.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "invoice.paid")]
struct Paid {
    cents: u64,
}

impl Retired<Invoice> for Paid {
    fn successors(self) -> impl IntoEvents<Invoice> {
        (Received { cents: self.cents }, Taxed { cents: 1 })
    }
}

#[derive(Aggregate, Default)]
#[aggregate(category = "invoice", id = String, events(Received, Taxed), retired(Paid))]
struct Invoice;

#[es::apply]
impl Invoice {
    fn received(&mut self, _: Received) {}
    fn taxed(&mut self, _: Taxed) {}
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Invoice))]
enum Feed {
    Received(Received),
}

#[test]
fn narrowing_allocates_nothing() {
    let _profiler = dhat::Profiler::builder().testing().build();
    for name in ["invoice.received", "invoice.taxed", "invoice.paid"] {
        let mut seen = None;
        let before = dhat::HeapStats::get().total_blocks;
        let read = Feed::decode("invoice", name, SchemaVersion::FIRST, br#"{"cents":5}"#, |event| seen = Some(event));
        let after = dhat::HeapStats::get().total_blocks;
        assert_eq!((read, after - before), (Ok(()), 0), "{name}");
        let expected = (name != "invoice.taxed").then_some(Feed::Received(Received { cents: 5 }));
        assert_eq!(seen, expected, "{name}");
    }
    // The test counts allocations at all.
    let before = dhat::HeapStats::get().total_blocks;
    drop(Box::new(before));
    assert!(dhat::HeapStats::get().total_blocks > before);
}
