//! Measures decoding an old payload with `derive(Event)`, compared with the same shape and conversions written by hand.
//!
//! Each pair decodes the same bytes in the same run. At the end the two are timed in alternating turns, so that other load on
//! the machine slows both. The ratio has to reach 0.95.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use es::{Event, SchemaVersion};
use serde::{Deserialize, Serialize};

/// Cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Money(i64);

impl Money {
    #[expect(clippy::cast_possible_truncation, reason = "cents of an amount that people pay")]
    fn from_units(units: f64) -> Self {
        Self((units * 100.0).round() as i64)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
    Usd,
}

/// Four schema versions by declared steps.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 4)]
#[event(removed(in = 3, name = "note", type = Option<String>))]
struct Deposited {
    account: String,
    #[event(changed(in = 4, from = f64, with = Money::from_units))]
    amount: Money,
    #[event(added(in = 2, default = Currency::Eur))]
    currency: Currency,
    #[event(renamed(in = 3, from = "source"))]
    origin: String,
    #[event(added(in = 3, default = |old| old.note.as_ref().map_or(0, String::len)))]
    note_length: usize,
    booked_on: String,
    tags: Vec<String>,
}

mod by_hand {
    //! The shape of schema version 1, and its conversion to today's type.

    use serde::Deserialize;

    use super::{Currency, Money};

    #[derive(Deserialize)]
    struct DepositedV1 {
        account: String,
        amount: f64,
        source: String,
        note: Option<String>,
        booked_on: String,
        tags: Vec<String>,
    }

    impl From<DepositedV1> for super::Deposited {
        fn from(old: DepositedV1) -> Self {
            Self {
                account: old.account,
                amount: Money::from_units(old.amount),
                currency: Currency::Eur,
                origin: old.source,
                note_length: old.note.as_ref().map_or(0, String::len),
                booked_on: old.booked_on,
                tags: old.tags,
            }
        }
    }

    pub(super) fn deposited(payload: &[u8]) -> Option<super::Deposited> {
        serde_json::from_slice::<DepositedV1>(payload).ok().map(Into::into)
    }

    pub(super) fn moved(payload: &[u8]) -> Option<super::Moved> {
        serde_json::from_slice::<super::v1::Moved>(payload).ok().map(|old| super::v2::Moved::from(old).into())
    }
}

mod v1 {
    //! The oldest type of the chain.

    use es::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.moved")]
    pub(super) struct Moved {
        pub(super) from: String,
        pub(super) to: String,
        pub(super) amount: f64,
        pub(super) note: Option<String>,
    }
}

mod v2 {
    //! The middle type of the chain.

    use es::Event;
    use serde::{Deserialize, Serialize};

    use super::Money;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.moved", version = 2, previous = super::v1::Moved)]
    pub(super) struct Moved {
        pub(super) from: String,
        pub(super) to: String,
        pub(super) amount: Money,
        pub(super) note: Option<String>,
    }

    impl From<super::v1::Moved> for Moved {
        fn from(old: super::v1::Moved) -> Self {
            Self { from: old.from, to: old.to, amount: Money::from_units(old.amount), note: old.note }
        }
    }
}

/// A chain of three types.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.moved", version = 3, previous = v2::Moved)]
struct Moved {
    accounts: (String, String),
    amount: Money,
    currency: Currency,
    note: String,
}

impl From<v2::Moved> for Moved {
    fn from(old: v2::Moved) -> Self {
        Self {
            accounts: (old.from, old.to),
            amount: old.amount,
            currency: Currency::Eur,
            note: old.note.unwrap_or_default(),
        }
    }
}

const DEPOSITED: &[u8] = br#"{"account":"DE02120300000000202051","amount":1249.95,"source":"branch office 12",
"note":"the rent of March, and \"a little\" more","booked_on":"2024-03-01","tags":["rent","monthly","cash"]}"#;
const MOVED: &[u8] =
    br#"{"from":"DE02120300000000202051","to":"DE02500105170137075030","amount":17.5,"note":"half of the dinner"}"#;

fn by_steps<E: Event>(payload: &[u8]) -> Option<E> {
    E::decode(SchemaVersion::FIRST, payload).ok()
}

fn decode(criterion: &mut Criterion) {
    assert_eq!(by_steps::<Deposited>(DEPOSITED), by_hand::deposited(DEPOSITED));
    assert_eq!(by_steps::<Moved>(MOVED), by_hand::moved(MOVED));
    assert!(by_hand::deposited(DEPOSITED).is_some() && by_hand::moved(MOVED).is_some());

    let mut declared = criterion.benchmark_group("declared");
    declared.bench_function("by_hand", |bench| bench.iter(|| by_hand::deposited(black_box(DEPOSITED))));
    declared.bench_function("by_steps", |bench| bench.iter(|| by_steps::<Deposited>(black_box(DEPOSITED))));
    declared.finish();

    let mut typed = criterion.benchmark_group("typed");
    typed.bench_function("by_hand", |bench| bench.iter(|| by_hand::moved(black_box(MOVED))));
    typed.bench_function("by_steps", |bench| bench.iter(|| by_steps::<Moved>(black_box(MOVED))));
    typed.finish();
}

criterion_group!(benches, decode);

#[expect(clippy::print_stdout, reason = "the bench prints its results")]
fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    let declared = benches::relative_speed(
        || by_hand::deposited(black_box(DEPOSITED)),
        || by_steps::<Deposited>(black_box(DEPOSITED)),
    );
    let typed = benches::relative_speed(|| by_hand::moved(black_box(MOVED)), || by_steps::<Moved>(black_box(MOVED)));
    println!("schema version 1 of 4 by declared steps: {declared:.3} of the speed by hand (at least 0.95)");
    println!("schema version 1 of 3 by typed steps:    {typed:.3} of the speed by hand (at least 0.95)");
}
