//! Events, retired events, aggregates and variants that are there under a `#[cfg]` only.

#![deny(warnings)]

use es::{Aggregate, AggregateEvent, EventSet, SchemaVersion};

mod domain {
    use es::{Aggregate, Event, EventSet, IntoEvents, Retired};
    use serde::{Deserialize, Serialize};

    macro_rules! events {
        ($($(#[$cfg:meta])* $name:literal $event:ident;)+) => {$(
            $(#[$cfg])*
            #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[event(name = $name)]
            pub(crate) struct $event;
        )+};
    }

    events! {
        "first" First;
        #[cfg(any())] "absent" Absent;
        #[cfg(all())] "second" Second;
        "third" Third;
        #[cfg(any())] "gone" Gone;
        "old" Old;
        "shipped" Shipped;
    }

    #[derive(Aggregate, Default)]
    #[aggregate(
        category = "account", id = u64,
        events(First, #[cfg(any())] Absent, #[cfg(all())] #[cfg(all())] Second, Third),
        retired(#[cfg(any())] Gone, Old)
    )]
    pub(crate) struct Account {
        pub(crate) thirds: u8,
    }

    impl Retired<Account> for Old {
        fn successors(self) -> impl IntoEvents<Account> {
            (First, Third)
        }
    }

    #[es::apply]
    impl Account {
        fn first(&mut self, _: First) {}
        #[cfg(any())]
        fn absent(&mut self, _: Absent) {}
        #[cfg(all())]
        fn second(&mut self, _: Second) {}
        fn third(&mut self, _: Third) {
            self.thirds += 1;
        }
    }

    // all but one are absent
    #[derive(Aggregate, Default)]
    #[aggregate(category = "order", id = u64, events(#[cfg(any())] Absent, Shipped))]
    pub(crate) struct Order;

    #[es::apply]
    impl Order {
        fn shipped(&mut self, _: Shipped) {}
    }

    // one name stands for different events
    #[derive(Aggregate, Default)]
    #[aggregate(category = "either", id = u64, events(#[cfg(all())] First as One, #[cfg(not(all()))] Absent as One))]
    pub(crate) struct Either;

    #[es::apply]
    impl Either {
        fn first(&mut self, _: First) {}
    }

    #[derive(EventSet, Debug, PartialEq)]
    #[event_set(of(#[cfg(any())] Nowhere, Account, #[cfg(all())] Order))]
    pub(crate) enum Feed {
        #[cfg(any())]
        Absent(Absent),
        #[cfg(all())]
        Third(Third),
        Shipped(Shipped),
    }
}

fn main() {
    use domain::{Account, AccountEvent, EitherEvent, Feed, First, OrderEvent, Shipped, Third};

    assert_eq!(AccountEvent::NAMES, ["first", "second", "third", "old"]);
    assert_eq!(OrderEvent::NAMES, ["shipped"]);
    assert_eq!(EitherEvent::from(First), EitherEvent::One(First).clone());
    assert_ne!(AccountEvent::from(First), AccountEvent::from(Third));
    assert_eq!(OrderEvent::from(Shipped), OrderEvent::from(Shipped));
    assert_eq!(format!("{:?}", AccountEvent::from(Third)), "Third(Third)");
    let mut account = Account::initial();
    for name in AccountEvent::NAMES {
        AccountEvent::decode("account", name, SchemaVersion::FIRST, b"null", |event| {
            assert!(AccountEvent::MEMBERS.iter().any(|member| member.schema.name == event.name()));
            account.apply_event(event);
        })
        .unwrap();
    }
    assert_eq!(account.thirds, 2);
    assert_eq!((Feed::CATEGORIES, Feed::NAMES), (&["account", "order"][..], &["third", "old", "shipped"][..]));
    let mut heard = Vec::new();
    for (category, name) in [("account", "first"), ("account", "third"), ("account", "old"), ("order", "shipped")] {
        Feed::decode(category, name, SchemaVersion::FIRST, b"null", |event| heard.push(event)).unwrap();
    }
    assert_eq!(heard, [Feed::Third(Third), Feed::Third(Third), Feed::Shipped(Shipped)]);
}
