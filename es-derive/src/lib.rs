//! The macros of `es`. Applications reach them through `es`, storage crates through `es-core`.
//!
//! # Layout
//! Each macro is a folder: `mod` has the steps, `parse` reads what the user wrote, `check` has the rules that need more than
//! one part, `expand` writes the code. `mistakes`, `attribute`, `path_list`, `cfg_index`,
//! `path`, `span`, `tokens` and `word` are shared.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod aggregate;
mod apply;
mod attribute;
mod cfg_index;
mod event;
mod event_set;
mod mistakes;
mod path;
mod path_list;
mod project;
mod span;
#[cfg(test)]
mod span_tests;
mod tokens;
mod word;

/// Makes a struct an event: writes `impl Event` with its stored name, its schema version and the decoding of every
/// schema version it ever had.
///
/// ```
/// use es_core::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Clone, Serialize, Deserialize)]
/// #[event(name = "account.opened")]
/// struct Opened {
///     owner: String,
/// }
/// assert_eq!(Opened::NAME, "account.opened");
/// ```
///
/// An event that was stored in four shapes, each of which stays readable:
///
/// ```
/// # use es_core::{Event, SchemaVersion};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # struct Cents(i64);
/// # impl Cents { fn from_units(units: f64) -> Self { Self((units * 100.0).round() as i64) } }
/// #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[event(name = "account.deposited", version = 4, alias("deposit_made", up_to = 2))]
/// #[event(removed(in = 3, name = "note", type = Option<String>))]
/// struct Deposited {
///     #[event(changed(in = 4, from = f64, with = Cents::from_units))]
///     amount: Cents,
///     #[event(added(in = 2, default = "eur".into()))]
///     currency: String,
///     #[event(renamed(in = 3, from = "source"))]
///     origin: String,
///     #[event(added(in = 3, default = |old| old.note.is_some()))]
///     noted: bool,
/// }
/// let stored = br#"{"amount":12.5,"note":"a gift","source":"cash"}"#;
/// let deposited = Deposited::decode(SchemaVersion::FIRST, stored)?;
/// assert_eq!(deposited.amount, Cents(1250));
/// assert_eq!((deposited.currency.as_str(), deposited.origin.as_str(), deposited.noted), ("eur", "cash", true));
/// # Ok::<(), es_core::DecodeError>(())
/// ```
///
/// # On the struct
/// - `name = "…"`: the name it is stored under, which never changes. Required.
/// - `version = 2`: the schema version of today's struct; 1 when absent.
/// - `alias("…", up_to = 2)`: a name it was stored under before, and the last schema version stored so. Repeatable.
/// - `removed(in = 3, name = "…", type = …)`: a field that schema version 3 no longer has. Takes `serde(…)`, and the
///   steps below, which the field went through before.
/// - `previous = Type`: the older event, from which the struct converts by a hand-written `From` or `TryFrom`. It covers every
///   schema version below those that steps declare.
/// - `crate = path`: the path of `es` or `es-core`, where the macro cannot find it.
///
/// # On a field
/// Each step names the schema version that made the change; several steps are in ascending order of their versions.
/// - `added(in = 2, default = …)`: an expression of the field's type, or a closure over the older shape.
/// - `renamed(in = 2, from = "…")`: the key it was stored under.
/// - `changed(in = 2, from = Type, with = …)`: a function from the older type; `try_with` if it may fail, whose error
///   becomes a decode error. Takes `name = "…"`, the older key, and `serde(…)`.
///
/// Fields of a tuple struct take `changed` only.
///
/// # serde's attributes, going back in time
/// `rename` and `alias` of a field apply back to its newest `renamed`; `with`, `deserialize_with`, `default` and
/// `flatten` back to its newest `changed`, which has its own in `serde(…)`. `rename_all` and `deny_unknown_fields`
/// of the struct apply to every shape; its `default`, `from`, `try_from`, `into`, `transparent` and `remote` cannot.
///
/// # What serde would lose
/// A reader must get back the value that was stored. So an attribute for one direction only does not compile: `rename` for one
/// side, `skip_serializing`, `serialize_with` without `deserialize_with`, `into` without `from`, and the like. The same holds for
/// `skip` without `default`, for `Option<Option<…>>`, and for an alias that is the key or an alias of another field in any
/// schema version.
///
/// # In `macro_rules!`
/// A name, a key or a version may be a macro's `$literal`, `$expr` or `$tt`, a type its `$ty`. Another macro in its place,
/// such as `concat!`, is not expanded before this one reads it.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a struct or an enum an aggregate: writes the enum of its events, its `EventSet` and `AggregateEvent`,
/// the conversions and the dispatch to `Apply`.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.opened")]
/// # struct Opened { owner: String }
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// #[derive(Aggregate, Default)]
/// #[aggregate(category = "account", id = String, events(Opened, Deposited as PaidIn))]
/// struct Account {
///     balance: u64,
/// }
///
/// #[es_core::apply]
/// impl Account {
///     fn opened(&mut self, _: Opened) {}
///     fn deposited(&mut self, event: Deposited) {
///         self.balance += event.amount;
///     }
/// }
///
/// let mut account = Account::initial();
/// account.apply_event(Deposited { amount: 5 }.into());
/// assert_eq!(account.balance, 5);
/// assert_eq!(AccountEvent::from(Deposited { amount: 5 }), AccountEvent::PaidIn(Deposited { amount: 5 }));
/// ```
///
/// The state before any event comes from `Default`; an enum, which is a state machine, marks its first state with
/// `#[default]`.
///
/// # In `#[aggregate(…)]`
/// - `category = "…"`: the category of its streams, which never changes. Required.
/// - `id = Type`: the type of the ids; what `Display` prints is the id of the stream. Required.
/// - `events(Opened, shop::Sold, card::Opened as CardOpened)`: the events its streams hold. `as` renames the variant,
///   whose name is otherwise the last segment of the path. Required.
///   An event may have `#[cfg(…)]` before it; its apply method needs the same.
/// - `event = Name`: the name of the enum of the events; `<Type>Event` when absent.
/// - `retired(TransferMade)`: events that are stored but no longer written; each implements `Retired`, which gives its successors.
/// - `crate = path`: the path of `es` or `es-core`, where the macro cannot find it.
///
/// # What it writes
/// The enum is as visible as the aggregate. It implements `From` for each event, and each of `Clone`, `Debug` and
/// `PartialEq` that all events implement. It serialises an event as `name`, `schema_version` and `payload`. Two events that share a stored name or an alias do not compile.
///
/// # The lock
/// The macro also writes a unit test. While the package has an `events.lock`, it fails until that schema lock has the aggregate: see
/// `es::schema::Lock`, which comes with the feature `testing` or `schema`.
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes an enum with one variant for each event a set of events: a feed, which a projection reads.
///
/// It names the aggregates that hold the events, and decodes as they do: a feed that lists an event also receives it as the
/// successor of retired events of those aggregates.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.opened")]
/// # struct Opened { owner: String }
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.opened_with_deposit")]
/// # struct OpenedWithDeposit { owner: String, amount: u64 }
/// #[derive(Aggregate, Default)]
/// #[aggregate(category = "account", id = String, events(Opened, Deposited), retired(OpenedWithDeposit))]
/// struct Account {
///     balance: u64,
/// }
///
/// impl Retired<Account> for OpenedWithDeposit {
///     fn successors(self) -> impl IntoEvents<Account> {
///         (Opened { owner: self.owner }, Deposited { amount: self.amount })
///     }
/// }
/// # impl Apply<Opened> for Account { fn apply(&mut self, _: Opened) {} }
/// # impl Apply<Deposited> for Account { fn apply(&mut self, event: Deposited) { self.balance += event.amount; } }
///
/// #[derive(EventSet, Debug, PartialEq)]
/// #[event_set(of(Account))]
/// enum Payments {
///     PaidIn(Deposited),
/// }
/// assert_eq!(Payments::NAMES, ["account.deposited", "account.opened_with_deposit"]);
///
/// let (stored, mut read) = (br#"{"owner":"Ada","amount":5}"#, Vec::new());
/// Payments::decode("account", "account.opened_with_deposit", SchemaVersion::FIRST, stored, |event| read.push(event))?;
/// assert_eq!(read, [Payments::PaidIn(Deposited { amount: 5 })]);
/// # Ok::<(), DecodeError>(())
/// ```
///
/// A feed receives an event that several aggregates hold from those that it names; the stream's category tells them apart. It
/// does not receive events that it does not list, and does not decode another event with the same name.
///
/// # In `#[event_set(…)]`
/// - `of(Account, shop::Order)`: the aggregates that hold the events. Required. Each holds at least one of the events, and
///   each event is listed by at least one of them and is not retired.
/// - `crate = path`: the path of `es` or `es-core`, where the macro cannot find it.
///
/// A variant may have `#[cfg(…)]`, and so may an aggregate in the list.
#[proc_macro_derive(EventSet, attributes(event_set))]
pub fn derive_event_set(input: TokenStream) -> TokenStream {
    event_set::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// On an `impl` block with one method for each event: leaves the block as it is and adds the `Apply` impls that call
/// its methods. Writing those impls by hand is the same thing.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.opened")]
/// # struct Opened { owner: String }
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(category = "account", id = String, events(Opened, Deposited))]
/// # struct Account { balance: u64 }
/// #[es_core::apply]
/// impl Account {
///     fn opened(&mut self, _: Opened) {}
///
///     fn deposited(&mut self, Deposited { amount }: Deposited) {
///         self.balance += amount;
///     }
/// }
/// # let mut account = Account::default();
/// # account.deposited(Deposited { amount: 5 });
/// # assert_eq!(account.balance, 5);
/// ```
///
/// A method takes `&mut self` and the event by value, so that replay moves it; its name is free. Applying cannot fail,
/// does no I/O and sees no metadata: a fact about time belongs in the event. Other methods belong in another block.
///
/// # Arguments
/// - `crate = path`: where `es` or `es-core` is found, when the macro cannot tell.
#[proc_macro_attribute]
pub fn apply(arguments: TokenStream, block: TokenStream) -> TokenStream {
    apply::expand(arguments.into(), &block.into()).into()
}

/// On an `impl` block with one method for each event: makes the type a projection. Leaves the block as it is, and adds an impl of
/// `Projection`, `Row` or `View`, and the enum of the events. Writing those by hand is the same thing.
///
/// The form depends on how the methods take `self`:
///
/// | | methods | |
/// |---|---|---|
/// | view | `&mut self` | a state in memory |
/// | rows by key | `&mut self`, and `key = …` | one state for each key |
/// | table | `&self` and a `&mut` target; may be `async` | writes to the target, such as a transaction |
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # use std::collections::BTreeMap;
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.opened")]
/// # struct Opened { owner: String }
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(category = "account", id = String, events(Opened, Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account {
/// #     fn opened(&mut self, _: Opened) {}
/// #     fn deposited(&mut self, event: Deposited) { self.balance += event.amount; }
/// # }
/// /// A view: how much each owner has, as far as the log goes.
/// #[derive(Default)]
/// struct Owners {
///     owner_of: BTreeMap<String, String>,
///     balances: BTreeMap<String, u64>,
/// }
///
/// #[es_core::project(name = "owners", every(Account))]
/// impl Owners {
///     fn opened(&mut self, event: Recorded<Opened>) {
///         self.owner_of.insert(event.stream.id().to_owned(), event.event.owner);
///     }
///
///     fn deposited(&mut self, event: Recorded<Deposited>) -> Result<(), &'static str> {
///         let owner = self.owner_of.get(event.stream.id()).ok_or("an account without an owner")?;
///         *self.balances.entry(owner.clone()).or_default() += event.event.amount;
///         Ok(())
///     }
/// }
///
/// /// Rows by key: one for each day since 1970.
/// #[derive(Default, Serialize, Deserialize)]
/// struct Day {
///     deposited: u64,
/// }
///
/// #[es_core::project(name = "days", key = i64, of(Account))]
/// impl Day {
///     #[key(|event| event.recorded_at.as_micros() / 86_400_000_000)]
///     fn deposited(&mut self, event: Recorded<&Deposited>) {
///         self.deposited += event.event.amount;
///     }
/// }
///
/// /// A table: writes to a target.
/// struct Balances;
///
/// #[es_core::project(name = "balances", version = 2, every(Account), ignores(Opened))]
/// impl Balances {
///     async fn deposited(&self, event: Recorded<Deposited>, target: &mut BTreeMap<String, u64>) {
///         *target.entry(event.stream.id().to_owned()).or_default() += event.event.amount;
///     }
/// }
/// ```
///
/// # Methods
/// A method takes one event, as `Opened`, `&Opened`, `Recorded<Opened>`, `&Recorded<Opened>` or `Recorded<&Opened>`, and returns
/// nothing or a `Result<(), E>`, whose error stops the projection at that event. `E` is an error, or a text. Its name is free. Other
/// methods belong in another block.
///
/// In rows by key the key is the id of the stream, or what a function in `#[key(…)]` above the method makes of a reference to what
/// the method takes: a key, an `Option`, a `Vec` or an array of keys. An event that a method takes by reference, or as
/// `Recorded<&Opened>`, is not copied.
///
/// In a table one method under `#[batch]` may take a whole batch, as `&mut EventBatch<BalancesEvent>`, and the target. It does the
/// same as the others would one by one.
///
/// Retired events arrive as what they became.
///
/// # Arguments
/// - `name = "…"`: the name of the projection, one word. Required.
/// - `every(Account)`: the aggregates of which every event is handled. Each has a method, or is in `ignores(…)`; a new event of
///   the aggregate that has neither does not compile. An event under a name that only a newer program knows is not skipped: a
///   view stops, and rows by key that are followed are left to the newer program.
/// - `of(Account, shop::Order)`: the aggregates of which the events are handled that a method takes. Required, unless there is
///   `every(…)`.
/// - `ignores(Opened)`: events of the aggregates in `every(…)` that do not change the projection.
/// - `key = Type`: makes the type rows by key. A key is ordered, printed and parsed.
/// - `version = 2`: a higher version is built anew from the log; 1 when absent. A view has none.
/// - `order = global`: the order of events across streams matters; without it a reader may give only the order within each
///   stream. A view always has it.
/// - `event = Name`: the name of the enum of the events; `<Type>Event` when absent.
/// - `crate = path`: the path of `es` or `es-core`, where the macro cannot find it.
///
/// Methods, and what is in a list, may be under `#[cfg(…)]`.
#[proc_macro_attribute]
pub fn project(arguments: TokenStream, block: TokenStream) -> TokenStream {
    project::expand(arguments.into(), &block.into()).into()
}
