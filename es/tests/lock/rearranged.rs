//! The events of `today` with other names in Rust, in another order.

use super::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.closed")]
pub(super) struct Ended {}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.limited")]
pub(super) struct LimitedTo(#[doc = "Never more than this."] u64);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.rated", version = 2)]
pub(super) struct Rated(#[event(changed(in = 2, from = u8, with = u16::from))] u16, String);

#[derive(Event, Clone, Serialize, Deserialize)]
#[doc = "Money came in."]
#[event(name = "account.deposited", version = 4, alias("deposit_made", up_to = 2))]
#[event(removed(in = 3, name = "note", type = Option<String>))]
pub(super) struct MoneyIn {
    #[serde(flatten)]
    more: Extra,
    #[serde(rename = "originPlace")]
    #[event(renamed(in = 3, from = "source"))]
    from: ::std::string::String,
    #[serde(default, alias = "tag")]
    tags: Vec<String>,
    #[event(added(in = 2, default = "EUR".to_owned()))]
    currency: String,
    #[event(changed(in = 4, from = f64, with = |crowns| crowns as i64))]
    #[serde(rename = "amount", with = "cents")]
    money: i64,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.checked")]
pub(super) struct Looked {
    #[serde(rename = "by")]
    person: String,
}

account!(Ended, LimitedTo, Rated, MoneyIn; retired Looked);
