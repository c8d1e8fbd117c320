//! Streams, versions, positions and expectations.

use std::collections::{BTreeSet, HashSet};

use es_core::{Expected, LimitError, Position, StreamId, Version};

const MAX: u64 = i64::MAX as u64;

#[test]
fn versions_and_positions_never_exceed_a_bigint() {
    for (given, kept) in [(0, 0), (1, 1), (MAX - 1, MAX - 1), (MAX, MAX), (MAX + 1, MAX), (u64::MAX, MAX)] {
        assert_eq!((Version::new(given).get(), Position::new(given).get()), (kept, kept));
        let exact = (given == kept).then_some(given);
        assert_eq!(Version::try_from(given).ok().map(Version::get), exact);
        assert_eq!(Position::try_from(given).ok().map(Position::get), exact);
    }
    for (from, count, to) in [(0, 0, 0), (0, 1, 1), (2, 3, 5), (MAX - 1, 1, MAX), (MAX, 1, MAX), (5, u64::MAX, MAX)] {
        assert_eq!((Version::new(from).plus(count).get(), Position::new(from).plus(count).get()), (to, to));
    }
    assert_eq!((Version::MAX.get(), Position::MAX.get()), (MAX, MAX));
    assert_eq!((Version::NONE.get(), Version::FIRST.get(), Position::START.get()), (0, 1, 0));
}

#[test]
fn versions_and_positions_print_and_compare_as_numbers() {
    assert_eq!(format!("{} {}", Version::new(7), Position::new(42)), "7 42");
    assert_eq!(format!("{:>4}", Version::new(7)), "   7");
    assert!(Version::new(2) == 2 && Version::new(2) != 3 && Position::new(2) == 2 && Position::new(2) != 3);
    assert!(Version::new(2) < Version::new(10) && Position::new(10) > Position::new(9));
}

#[test]
fn each_expectation_holds_for_its_versions_only() {
    let at = |version| Expected::Exact(Version::new(version));
    // The expectation, whether it holds at versions 0, 1, 2 and the last, its version, and how it prints.
    let table = [
        (Expected::Any, [true, true, true, true], None, "any version"),
        (Expected::NoStream, [true, false, false, false], Some(0), "no stream"),
        (Expected::Exists, [false, true, true, true], None, "an existing stream"),
        (at(0), [true, false, false, false], Some(0), "version 0"),
        (at(1), [false, true, false, false], Some(1), "version 1"),
        (at(2), [false, false, true, false], Some(2), "version 2"),
        (at(u64::MAX), [false, false, false, true], Some(MAX), "version 9223372036854775807"),
    ];
    for (expected, holds, version, printed) in table {
        let seen = [0, 1, 2, MAX].map(|version| expected.holds(Version::new(version)));
        assert_eq!((seen, expected.version().map(Version::get)), (holds, version), "{expected:?}");
        assert_eq!(expected.to_string(), printed);
    }
}

#[test]
fn category_and_id_together_name_a_stream() {
    let stream = StreamId::new("account", "4711").unwrap();
    assert_eq!((stream.category(), stream.id()), ("account", "4711"));
    assert_eq!(
        (stream.to_string(), format!("{stream:?}")),
        ("account/4711".into(), r#"StreamId("account", "4711")"#.into())
    );
    let sibling = stream.sibling("12").unwrap();
    assert_eq!((sibling.category(), sibling.id()), ("account", "12"));
    let others = [("account", "471"), ("accoun", "4711"), ("4711", "account"), ("account4", "711")];
    for (category, id) in others {
        let other = StreamId::new(category, id).unwrap();
        assert_ne!(stream, other);
        assert_ne!(stream.cmp(&other), std::cmp::Ordering::Equal);
        assert!(!HashSet::from([stream.clone()]).contains(&other));
    }
    let same = StreamId::new("account", "4711").unwrap();
    assert!(HashSet::from([stream.clone()]).contains(&same) && BTreeSet::from([stream]).contains(&same));
}

#[test]
fn bad_categories_and_bad_ids_are_refused() {
    let stream = StreamId::new("account", "1").unwrap();
    let long = "x".repeat(513);
    for (name, expected) in [
        ("", LimitError::Empty { what: "stream id" }),
        ("a\0b", LimitError::Nul { what: "stream id" }),
        (&long, LimitError::TooLong { what: "stream id", bytes: 513, limit: 512 }),
    ] {
        assert_eq!(StreamId::new("account", name), Err(expected.clone()));
        assert_eq!(stream.sibling(name), Err(expected));
        assert!(matches!(
            StreamId::new(name, "1"),
            Err(LimitError::Empty { what } | LimitError::Nul { what } | LimitError::TooLong { what, .. })
                if what == "category"
        ));
    }
    assert!(StreamId::new(&long[1..], &long[1..]).is_ok(), "512 bytes are within the limit");
}
