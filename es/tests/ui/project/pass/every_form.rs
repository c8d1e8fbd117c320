//! Projections under every lint that could speak of generated code.

#![deny(warnings, missing_docs, missing_debug_implementations, unused, nonstandard_style, rust_2018_idioms)]
#![deny(let_underscore, refining_impl_trait, unnameable_types, unused_qualifications, unused_lifetimes)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(
    clippy::redundant_pub_crate,
    clippy::needless_arbitrary_self_type,
    clippy::missing_const_for_fn,
    clippy::unnecessary_wraps,
    reason = "what the user wrote is not on trial"
)]
#![deny(private_interfaces, private_bounds, single_use_lifetimes, trivial_casts, unused_results, unreachable_pub)]

mod domain {
    use es::{Aggregate, Event, EventBatch, Recorded};
    use serde::{Deserialize, Serialize};

    macro_rules! events {
        ($($(#[$cfg:meta])* $name:literal $event:ident;)+) => {$(
            $(#[$cfg])*
            /// A fact.
            #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[event(name = $name)]
            pub(crate) struct $event;
        )+};
    }

    events! {
        "first" First;
        #[cfg(any())] "absent" Absent;
        #[cfg(all())] "second" Second;
        "third" r#Third;
    }

    /// A state.
    #[derive(Aggregate, Default, Debug)]
    #[aggregate(category = "account", id = u64, events(First, #[cfg(any())] Absent, #[cfg(all())] Second, Third))]
    pub(crate) struct Account;

    impl<E> es::Apply<E> for Account {
        fn apply(&mut self, _: E) {}
    }

    /// A view.
    #[derive(Default, Debug)]
    pub(crate) struct Seen(pub(crate) Vec<u8>);

    #[es::project(name = "seen", every(Account, #[cfg(any())] Nowhere), ignores(Third, #[cfg(any())] Never))]
    impl Seen {
        /// One.
        pub(crate) fn first(self: &mut Self, event: First) {
            let First = event;
            self.0.push(1);
        }
        #[cfg(all())]
        fn second(&mut self, _: &Recorded<Second>) -> Result<(), std::fmt::Error> {
            self.0.push(2);
            Ok(())
        }
        #[cfg(any())]
        fn absent(&mut self, _: Absent) {}
    }

    /// Rows by key.
    #[derive(Default, Debug, Serialize, Deserialize)]
    pub(crate) struct Row(pub(crate) u8);

    #[es::project(name = "rows", key = u64, of(Account), event = Rowed, version = 2, order = global)]
    impl Row {
        fn first(&mut self, _: Recorded<First>) {
            self.0 += 1;
        }
        #[key(|_: &Second| vec![1, 2])]
        fn second(&mut self, _: Second) {
            self.0 += 2;
        }
        #[key(Self::key)]
        fn third(&mut self, _: &Recorded<&r#Third>) {
            self.0 += 3;
        }
    }

    impl Row {
        fn key(_: &Recorded<&Third>) -> u64 {
            7
        }
    }

    /// A table.
    #[derive(Debug)]
    pub(crate) struct Table;

    #[es::project(name = "table", of(Account))]
    impl Table {
        async fn first(&self, _: First, target: &mut Vec<u8>) {
            std::future::ready(()).await;
            target.push(1);
        }
        fn third(self: &Self, _: Recorded<&Third>, target: &mut Vec<u8>) -> Result<(), es::Fault> {
            target.push(3);
            Ok(())
        }
        fn set_up(&self, _: &mut Vec<u8>) {}

        #[batch]
        async fn many(&self, batch: &mut EventBatch<TableEvent>, target: &mut Vec<u8>) -> Result<(), es::Fault> {
            while let Some(event) = batch.try_next()? {
                es::Projection::handle(self, event, target).await?;
            }
            Ok(())
        }
    }
}

pub(crate) fn main() {
    use domain::{First, Rowed, Seen, SeenEvent, Table, TableEvent};
    use es::{EventSet, Projection, Row, View};

    assert_eq!(SeenEvent::NAMES, ["first", "second"]);
    assert_eq!(TableEvent::NAMES, ["first", "third"]);
    assert_eq!((Seen::NAME, <domain::Row as Row>::VERSION, Table::NAME), ("seen", 2, "table"));
    assert!(<domain::Row as Row>::GLOBAL_ORDER && !Table::GLOBAL_ORDER);
    let mut seen = Seen::default();
    seen.apply(place(SeenEvent::First(First))).expect("applied");
    seen.first(First);
    assert_eq!(seen.0, [1, 1]);
    let mut keys = Vec::new();
    for event in [Rowed::First(First), Rowed::Second(domain::Second), Rowed::Third(domain::Third)].map(place) {
        <domain::Row as Row>::keys(&event, &mut |key| keys.push(key)).expect("keys");
    }
    assert_eq!(keys, [7, 1, 2, 7]);
}

fn place<E>(event: E) -> es::Recorded<E> {
    let stream = es::StreamId::new("account", "7").expect("a stream");
    es::Recorded::new(stream, es::Version::FIRST, es::Position::new(1), event)
}
