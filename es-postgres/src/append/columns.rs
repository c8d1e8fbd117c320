//! Appends as columns: one array for each parameter of the SQL function.

use es_core::{Append, Expected, StreamId};
use serde::Serialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::hash::StreamHash;
use crate::wire::Json;

/// What stands for [`Expected::Any`] and [`Expected::Exists`] where versions are numbers.
const ANY: i64 = -1;
const EXISTS: i64 = -2;

/// The parameters of the SQL function, borrowed from the appends.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Columns<'a> {
    /// For each of `calls`' appends, in order, its place among the streams below.
    #[serde(skip)]
    places: Vec<Vec<usize>>,
    calls: Vec<i32>,
    locks: Vec<i32>,
    categories: Vec<&'a str>,
    ids: Vec<&'a str>,
    expected: Vec<i64>,
    items: Vec<i32>,
    steps: Vec<i64>,
    together: Vec<i16>,
    event_ids: Vec<Uuid>,
    types: Vec<&'a str>,
    schema_versions: Vec<i64>,
    slices: Vec<i16>,
    payloads: Vec<Json<'a>>,
    metas: Vec<Option<Json<'a>>>,
}

impl<'a> Columns<'a> {
    /// The parameters for several appends, each of them whole or not at all.
    pub(crate) fn of(calls: impl Iterator<Item = &'a [Append]> + Clone) -> Self {
        let mut streams: Vec<(StreamHash, usize, usize, &Append)> = calls
            .clone()
            .enumerate()
            .flat_map(|(call, appends)| appends.iter().enumerate().map(move |(at, append)| (call, at, append)))
            .map(|(call, at, append)| (StreamHash::of(&append.stream), call, at, append))
            .collect();
        // locks in one order everywhere, so that no two batches wait for each other
        streams.sort_unstable_by_key(|(hash, call, at, _)| (hash.lock(), *call, *at));
        let mut columns =
            Self { places: calls.clone().map(|appends| vec![0; appends.len()]).collect(), ..Self::default() };
        for (item, (hash, call, at, append)) in streams.iter().enumerate() {
            columns.places[*call][*at] = item;
            columns.calls.push(number(*call));
            columns.locks.push(hash.lock());
            columns.categories.push(append.stream.category());
            columns.ids.push(append.stream.id());
            columns.expected.push(expected(append.expected));
        }
        // positions rise in the order of the appends, whatever the order of the locks
        for (call, appends) in calls.enumerate() {
            for (at, append) in appends.iter().enumerate() {
                let item = columns.places[call][at];
                let slice = streams[item].0.slice();
                columns.push_events(append, item, slice);
            }
        }
        columns
    }

    fn push_events(&mut self, append: &'a Append, item: usize, slice: i16) {
        for (step, event) in (1..).zip(&append.events) {
            self.items.push(number(item + 1));
            self.steps.push(step);
            self.together.push(if step == 1 { i16::try_from(append.events.len()).unwrap_or(i16::MAX) } else { 0 });
            self.event_ids.push(event.id());
            self.types.push(event.name());
            self.schema_versions.push(i64::from(event.schema_version().get()));
            self.slices.push(slice);
            self.payloads.push(Json(event.payload()));
            self.metas.push(event.metadata().map(|metadata| Json(metadata)));
        }
    }

    /// The parameters behind `patient` and `doubtful`, in the order of the SQL function.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 14] {
        [
            &self.calls,
            &self.locks,
            &self.categories,
            &self.ids,
            &self.expected,
            &self.items,
            &self.steps,
            &self.together,
            &self.event_ids,
            &self.types,
            &self.schema_versions,
            &self.slices,
            &self.payloads,
            &self.metas,
        ]
    }

    /// For each append of the call, in order, its place in what the function answers for streams.
    pub(crate) fn places(&self, call: usize) -> &[usize] {
        &self.places[call]
    }
}

/// Whether an append to this stream means `expected` with a number.
fn expected(expected: Expected) -> i64 {
    match expected {
        Expected::Any => ANY,
        Expected::Exists => EXISTS,
        Expected::NoStream => 0,
        Expected::Exact(version) => version.get().cast_signed(),
    }
}

/// Counts of a batch are bounded far below this.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The bytes an append takes on the wire, about.
pub(crate) fn weight(appends: &[Append]) -> usize {
    let name = |stream: &StreamId| stream.category().len() + stream.id().len() + 48;
    let events = |append: &Append| -> usize {
        append
            .events
            .iter()
            .map(|e| 96 + e.name().len() + e.payload().len() + e.metadata().map_or(0, bytes::Bytes::len))
            .sum()
    };
    appends.iter().map(|append| name(&append.stream) + events(append)).sum()
}
