//! Events with everything that a lock records.

use super::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 4, alias("deposit_made", up_to = 2))]
#[event(removed(in = 3, name = "note", type = Option<String>))]
#[serde(rename_all = "camelCase")]
pub(super) struct Deposited {
    #[event(changed(in = 4, from = f64, with = |crowns| crowns as i64))]
    #[serde(with = "cents")]
    amount: i64,
    #[event(added(in = 2, default = String::from("EUR")))]
    currency: String,
    #[event(renamed(in = 3, from = "source"))]
    origin_place: String,
    #[serde(default, alias = "tag")]
    tags: Vec<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.rated", version = 2)]
pub(super) struct Rated(#[event(changed(in = 2, from = u8, with = u16::from))] u16, String);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.limited")]
pub(super) struct Limited(u64);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.closed")]
pub(super) struct Closed {}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.checked")]
pub(super) struct Checked {
    by: String,
}

account!(Deposited, Rated, Limited, Closed; retired Checked);
