//! Which events a filter accepts, compared with a table that is written by hand.

use std::ops::RangeInclusive;

use es_core::{Aggregate, Event, Filter, StreamId, limits};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 2, alias("deposit_made", up_to = 1))]
struct Deposited {
    #[event(added(in = 2, default = 1))]
    amount: u64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.closed")]
struct Closed;

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Deposited, Closed))]
struct Account;

#[es_core::apply]
impl Account {
    fn deposited(&mut self, _: Deposited) {}
    fn closed(&mut self, _: Closed) {}
}

/// Categories and names; every pair is tested.
const CATEGORIES: [&str; 4] = ["account", "loan", "accounts", "Account"];
const NAMES: [&str; 4] = ["account.deposited", "deposit_made", "account.closed", "account"];

/// Asserts that `filter` accepts exactly the pairs of these categories and these names.
#[track_caller]
fn accepts(filter: &Filter, categories: &[&str], names: &[&str]) {
    for category in CATEGORIES {
        for name in NAMES {
            let expected = categories.contains(&category) && names.contains(&name);
            let stream = StreamId::new(category, "1").expect("a stream");
            assert_eq!(filter.accepts(&stream, name), expected, "{category} {name}");
        }
    }
}

#[test]
fn an_empty_filter_accepts_everything() {
    accepts(&Filter::all(), &CATEGORIES, &NAMES);
    accepts(&Filter::default(), &CATEGORIES, &NAMES);
    assert!(Filter::all().categories().is_none() && Filter::all().names().is_none());
}

#[test]
fn several_categories_or_names_are_alternatives() {
    accepts(&Filter::all().category("loan"), &["loan"], &NAMES);
    accepts(&Filter::all().category("loan").category("account"), &["loan", "account"], &NAMES);
    accepts(&Filter::all().name("account.closed"), &CATEGORIES, &["account.closed"]);
    accepts(&Filter::all().name("account.closed").name("account"), &CATEGORIES, &["account.closed", "account"]);
}

#[test]
fn categories_and_names_together_narrow_in_either_order() {
    let both = [
        Filter::all().category("account").name("account.closed"),
        Filter::all().name("account.closed").category("account"),
    ];
    for filter in both {
        accepts(&filter, &["account"], &["account.closed"]);
    }
    accepts(
        &Filter::all().name("account.closed").category("account").name("account").category("loan"),
        &["account", "loan"],
        &["account.closed", "account"],
    );
    accepts(&Filter::all().category("nobody").name("account.closed"), &[], &[]);
    accepts(&Filter::all().category("account").name("nothing"), &[], &[]);
}

#[test]
fn a_filter_by_event_includes_its_aliases() {
    accepts(&Filter::all().event::<Deposited>(), &CATEGORIES, &["account.deposited", "deposit_made"]);
    accepts(&Filter::all().event::<Closed>().name("account"), &CATEGORIES, &["account.closed", "account"]);
    accepts(&Filter::all().name("account.deposited"), &CATEGORIES, &["account.deposited"]);
}

#[test]
fn a_filter_by_event_set_includes_every_name_of_its_events() {
    let names = Filter::events::<AccountEvent>();
    let mut listed: Vec<_> = names.names().into_iter().flatten().collect();
    listed.sort_unstable();
    assert_eq!(listed, ["account.closed", "account.deposited", "deposit_made"]);
    let narrowed = names.category("account");
    accepts(&narrowed, &["account"], &["account.closed", "account.deposited", "deposit_made"]);
}

#[test]
fn categories_and_names_are_listed_once_and_in_order() {
    let filter = Filter::all().category("b").category("a").category("b").name("y").name("x").name("y");
    assert_eq!(filter.categories().into_iter().flatten().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(filter.names().into_iter().flatten().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(filter, Filter::all().name("x").name("y").category("a").category("b"));
    assert_ne!(filter, Filter::all().name("x").name("y").category("a"));
}

#[test]
fn slices_narrow_and_the_last_range_replaces_the_others() {
    let stream = |id: u32| StreamId::new("account", id.to_string()).expect("a stream");
    let halves = [Filter::all().slices(0..=511), Filter::all().slices(0..=3).slices(512..=1023)];
    for id in 0..100 {
        let slice = stream(id).slice();
        assert_eq!(halves.each_ref().map(|half| half.accepts(&stream(id), "any")), [slice < 512, slice >= 512]);
        assert!(Filter::all().slices(slice..=slice).accepts(&stream(id), "any"));
        assert!(!Filter::all().slices(slice..=slice).category("loan").accepts(&stream(id), "any"));
    }
    assert_eq!(halves[1].slice_range(), Some((512, 1023)));
}

#[test]
fn a_bad_range_of_slices_is_refused() {
    for (first, last, fits) in [(0, 1023, true), (7, 7, true), (8, 7, false), (0, 1024, false), (1024, u16::MAX, false)]
    {
        assert_eq!(limits::check_filter(&Filter::all().slices(first..=last)).is_ok(), fits, "{first} to {last}");
    }
}

#[test]
fn two_filters_together_accept_what_both_accept() {
    let ranges = [None, Some((0, 1023)), Some((0, 511)), Some((511, 511)), Some((512, 1023)), Some((300, 700))];
    let lists: [&[&'static str]; 4] = [&[], &["a"], &["a", "b"], &["c"]];
    let mut filters = Vec::new();
    for range in ranges {
        for categories in lists {
            for names in lists {
                let mut filter = Filter::all();
                filter = categories.iter().fold(filter, |filter, category| filter.category(*category));
                filter = names.iter().fold(filter, |filter, name| filter.name(*name));
                filters.push(range.map_or(filter.clone(), |(first, last)| filter.slices(first..=last)));
            }
        }
    }
    let streams = ["a", "b", "c", "d"].map(|category| {
        let ids = (0..).map(|id| StreamId::new(category, id.to_string()).expect("a stream"));
        // In each part into which the ranges divide the slices, and at their edges.
        let wanted = [0..300, 300..511, 511..512, 512..701, 701..1024];
        wanted.map(|slices| ids.clone().find(|id| slices.contains(&id.slice())).expect("one of its slices"))
    });
    for one in &filters {
        for other in &filters {
            let both = one.clone().and(other);
            assert!(limits::check_filter(&both).is_ok(), "{both:?}");
            for stream in streams.iter().flatten() {
                for name in ["a", "b", "c", "d"] {
                    let each = one.accepts(stream, name) && other.accepts(stream, name);
                    assert_eq!(both.accepts(stream, name), each, "{one:?} and {other:?}: {name} of {stream}");
                }
            }
        }
    }
}

#[test]
fn a_bad_filter_stays_bad_together_with_another() {
    let fits = Filter::all().category("a").name("a").slices(0..=3);
    let bad = [
        Filter::all().category("a\0"),
        Filter::all().name(""),
        Filter::all().slices(RangeInclusive::new(8, 7)),
        Filter::all().slices(0..=1024),
    ];
    for bad in bad {
        assert!(limits::check_filter(&bad.clone().and(&fits)).is_err(), "{bad:?}");
        assert!(limits::check_filter(&fits.clone().and(&bad)).is_err(), "{bad:?}");
    }
}
