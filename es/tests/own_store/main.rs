//! The store of the guide's page "write your own store" keeps every promise. The page includes `store.rs`.

#[expect(unreachable_pub, reason = "the page shows it as a crate of its own would write it")]
mod store;

es_contract::store_contract!(store::OwnStores);
