//! Before 1970 too, a time is rounded down to the microsecond.

use std::time::{Duration, SystemTime};

use es_core::Timestamp;

/// Nanoseconds since the epoch, and the microsecond they are rounded to.
const CUT: [(i64, i64); 13] = [
    (0, 0),
    (1, 0),
    (500, 0),
    (999, 0),
    (1_000, 1),
    (1_999, 1),
    (-1, -1),
    (-499, -1),
    (-500, -1),
    (-999, -1),
    (-1_000, -1),
    (-1_001, -2),
    (-1_000_000_001, -1_000_001),
];

#[test]
fn a_system_time_is_rounded_down_to_the_microsecond() {
    for (nanos, micros) in CUT {
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        let time = if nanos < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance };
        assert_eq!(Timestamp::try_from(time).unwrap().as_micros(), micros, "{nanos} ns");
    }
}

#[test]
fn a_parsed_time_is_rounded_down_to_the_microsecond() {
    for (text, micros) in [
        ("1970-01-01T00:00:00.000000999Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("1969-12-31T23:59:59.999999001Z", -1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1969-12-31T23:59:59.9999985Z", -2),
        ("1969-12-31T23:59:58.999999999Z", -1_000_001),
        ("1900-01-01T00:00:00.0000005Z", -2_208_988_800_000_000),
    ] {
        assert_eq!(text.parse().map(Timestamp::as_micros), Ok(micros), "{text}");
    }
}

#[test]
fn a_printed_time_parses_as_itself() {
    for micros in [-1, -999_999, -1_000_000, -1_000_001, -2_208_988_800_000_001] {
        let time = Timestamp::from_micros(micros).unwrap();
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!(Timestamp::try_from(SystemTime::try_from(time).unwrap()).unwrap(), time);
    }
}
