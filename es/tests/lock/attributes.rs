//! The attributes that the lock prints when an event was edited, and the event with them.

use super::*;

mod before {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.deposited", alias("paid_in", up_to = 1))]
    pub(super) struct Deposited {
        amount: f64,
        source: String,
        #[serde(default, with = "cents")]
        fee: i64,
        #[serde(default)]
        note: String,
        #[serde(with = "cents")]
        tax: i64,
        #[serde(flatten)]
        extra: Extra,
    }

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.rated")]
    pub(super) struct Rated(u8, String);

    account!(Deposited, Rated);
}

mod after {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.deposited", alias("paid_in", up_to = 1))]
    pub(super) struct Deposited {
        amount: Money,
        origin: String,
        note: String,
        tax: i64,
        currency: Vec<u8>,
        #[serde(flatten)]
        more: More,
    }

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.rated")]
    pub(super) struct Rated(u16, String);

    account!(Deposited, Rated);
}

mod pasted {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.deposited", version = 2, alias("paid_in", up_to = 1))]
    #[event(removed(in = 2, name = "fee", type = i64, serde(default, with = "cents")))]
    pub(super) struct Deposited {
        #[event(changed(in = 2, from = f64, with = From::from))]
        amount: Money,
        #[event(renamed(in = 2, from = "source"))]
        origin: String,
        #[event(changed(in = 2, from = String, with = ::core::convert::identity, serde(default)))]
        note: String,
        #[event(changed(in = 2, from = i64, with = ::core::convert::identity, serde(with = "cents")))]
        tax: i64,
        #[event(added(in = 2, default = Vec::new()))]
        currency: Vec<u8>,
        #[event(changed(in = 2, from = Extra, with = From::from, serde(flatten)))]
        #[serde(flatten)]
        more: More,
    }

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.rated", version = 2)]
    pub(super) struct Rated(#[event(changed(in = 2, from = u8, with = From::from))] u16, String);

    account!(Deposited, Rated);
}

#[derive(Clone, Serialize, Deserialize)]
struct Money(i64);

impl From<f64> for Money {
    #[expect(clippy::cast_possible_truncation, reason = "amounts of tests are small")]
    fn from(units: f64) -> Self {
        Self((units * 100.0).round() as i64)
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct More {
    place: String,
}

impl From<Extra> for More {
    fn from(Extra { branch }: Extra) -> Self {
        Self { place: branch }
    }
}

#[test]
fn every_printed_attribute_compiles_and_satisfies_the_lock() {
    let written = Written::by::<before::Account>();
    let failure = written.fails::<after::Account>();
    let (_, pasted) = include_str!("attributes.rs").split_once("mod pasted").expect("the module");
    let printed: Vec<_> = failure.lines().map(str::trim).filter(|line| line.starts_with("#[")).collect();
    // The wider number of `Rated` needs no attribute.
    assert_eq!(printed.len(), 8, "{failure}");
    for attribute in printed {
        assert!(pasted.contains(attribute), "{attribute}");
    }
    written.lock.run::<pasted::Account>(Update::New).unwrap();
    written.holds::<pasted::Account>();
}
