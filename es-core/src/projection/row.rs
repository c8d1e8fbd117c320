//! Rows by key: a read model of many small states, each folded for itself.

use std::{
    collections::{BTreeMap, btree_map},
    fmt::Display,
    ops::Deref,
    str::FromStr,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    event::EventSet,
    projection::{Fault, View},
    store::Recorded,
};

/// One row of many, each with a key and folded for itself.
///
/// [`#[project(key = …)]`](macro@crate::project) on methods with `&mut self` implements it; writing the impl by hand is the same
/// thing. A row before its first event comes from `Default`. A row is serialised, so that a store can keep it.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// #[derive(Default, Serialize, Deserialize)]
/// struct Balance(u64);
///
/// impl Row for Balance {
///     const NAME: &'static str = "balances";
///     type Key = String;
///     type Events = AccountEvent;
///
///     fn keys(event: &Recorded<AccountEvent>, each: &mut dyn FnMut(String)) -> Result<(), Fault> {
///         each(event.stream.id().to_owned());
///         Ok(())
///     }
///
///     fn apply(&mut self, event: &Recorded<AccountEvent>) -> Result<(), Fault> {
///         let AccountEvent::Deposited(Deposited { amount }) = event.event;
///         self.0 += amount;
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    label = "not a row",
    note = "write `#[es::project(name = \"…\", key = …, …)]` on an `impl` block of `{Self}` with methods that take `&mut self` and an event"
)]
pub trait Row: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name, which never changes: a store keeps the rows under it.
    const NAME: &'static str;

    /// Which build of the rows this is: a higher one is built anew from the log. From 1.
    const VERSION: u32 = 1;

    /// Whether they need the events of all streams in the order of the log, and not only those of each stream.
    const GLOBAL_ORDER: bool = false;

    /// What a row is found by.
    type Key: RowKey;

    /// The events that the rows are folded from.
    type Events: EventSet;

    /// Passes the key of each row that the event changes to `each`: of one, none or many.
    ///
    /// # Errors
    /// Whatever keeps it from knowing the keys.
    fn keys(event: &Recorded<Self::Events>, each: &mut dyn FnMut(Self::Key)) -> Result<(), Fault>;

    /// Changes the row by one event.
    ///
    /// # Errors
    /// Whatever keeps it from being right.
    fn apply(&mut self, event: &Recorded<Self::Events>) -> Result<(), Fault>;
}

/// What a row can be found by: an ordered value that is printed and parsed, such as a text, a number or an id.
///
/// It is implemented for every type that has what it takes.
///
/// ```
/// # use es_core::RowKey;
/// fn is_a_key<K: RowKey>() {}
/// is_a_key::<String>();
/// is_a_key::<u64>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of rows",
    label = "not a key",
    note = "a key implements `Clone`, `Ord`, `Display` and `FromStr`, whose error implements `std::error::Error`"
)]
pub trait RowKey: Clone + Ord + Display + Send + Sync + 'static {
    /// Parses what `Display` prints.
    ///
    /// # Errors
    /// The error of `FromStr`.
    fn parse(text: &str) -> Result<Self, Fault>;
}

#[diagnostic::do_not_recommend]
impl<K> RowKey for K
where
    K: Clone + Ord + Display + FromStr + Send + Sync + 'static,
    K::Err: Into<Fault>,
{
    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(Into::into)
    }
}

/// Rows in the order of their keys: what [`Projections::live`](crate::Projections::live) and
/// [`Projections::fold`](crate::Projections::fold) make of a [`Row`].
///
/// ```
/// # use es_core::*;
/// # async fn example<Balance: Row<Key = u64>>(store: std::sync::Arc<dyn EventStore>) -> Result<(), FoldError> {
/// let balances = store.projections().fold::<Rows<Balance>>(AsOf::Newest).await?;
/// println!("{} rows, the first has the key {:?}", balances.len(), balances.keys().next());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<R: Row>(BTreeMap<R::Key, R>);

impl<R: Row> View for Rows<R> {
    const NAME: &'static str = R::NAME;
    type Events = R::Events;

    fn apply(&mut self, event: Recorded<R::Events>) -> Result<(), Fault> {
        let mut keys = Vec::new();
        R::keys(&event, &mut |key| {
            // A row receives an event once, also if its key is given twice.
            if !keys.contains(&key) {
                keys.push(key);
            }
        })?;
        keys.into_iter().try_for_each(|key| self.0.entry(key).or_default().apply(&event))
    }
}

impl<R: Row> Default for Rows<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<R: Row> Deref for Rows<R> {
    type Target = BTreeMap<R::Key, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R: Row> FromIterator<(R::Key, R)> for Rows<R> {
    fn from_iter<I: IntoIterator<Item = (R::Key, R)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<R: Row> IntoIterator for Rows<R> {
    type Item = (R::Key, R);
    type IntoIter = btree_map::IntoIter<R::Key, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
