//! Appends as columns: one array for each parameter of the SQL function.

use es_core::{Append, Expected, StreamId};
use serde::Serialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::server::types::Json;

/// What stands for [`Expected::Any`] and [`Expected::Exists`] where versions are numbers.
const ANY: i64 = -1;
const EXISTS: i64 = -2;

/// What the SQL function takes as one append.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) appends: &'a [Append],
    /// Where the one append is made of several to one stream: how many events each has.
    pub(crate) parts: &'a [usize],
}

impl<'a> Call<'a> {
    /// One that is not made of several.
    pub(crate) fn whole(appends: &'a [Append]) -> Self {
        Self { appends, parts: &[] }
    }
}

/// The parameters of the SQL function, borrowed from the appends.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Columns<'a> {
    /// For each of `calls`' appends, in order, its place among the streams below.
    #[serde(skip)]
    places: Vec<Vec<usize>>,
    calls: Vec<i32>,
    categories: Vec<&'a str>,
    ids: Vec<&'a str>,
    expected: Vec<i64>,
    items: Vec<i32>,
    steps: Vec<i64>,
    together: Vec<i16>,
    event_ids: Vec<Uuid>,
    names: Vec<&'a str>,
    schema_versions: Vec<i64>,
    slices: Vec<i16>,
    payloads: Vec<Json<'a>>,
    metadata: Vec<Option<Json<'a>>>,
}

impl<'a> Columns<'a> {
    /// The parameters for several appends, each of them whole or not at all.
    pub(crate) fn of(calls: &[Call<'a>]) -> Self {
        let mut streams: Vec<(&Append, usize, usize)> = calls
            .iter()
            .enumerate()
            .flat_map(|(number, call)| call.appends.iter().enumerate().map(move |(at, append)| (append, number, at)))
            .collect();
        // in the order of the index, in which the server looks them up
        streams.sort_unstable_by_key(|(append, call, at)| (append.stream.category(), append.stream.id(), *call, *at));
        let mut columns =
            Self { places: calls.iter().map(|call| vec![0; call.appends.len()]).collect(), ..Self::default() };
        for (item, (append, call, at)) in streams.iter().enumerate() {
            columns.places[*call][*at] = item;
            columns.calls.push(number(*call));
            columns.categories.push(append.stream.category());
            columns.ids.push(append.stream.id());
            columns.expected.push(expected(append.expected));
        }
        // positions rise in the order of the appends, whatever the order of the streams
        for (number, call) in calls.iter().enumerate() {
            for (at, append) in call.appends.iter().enumerate() {
                let item = columns.places[number][at];
                let slice = append.stream.slice().cast_signed();
                let parts = if call.parts.is_empty() { &[append.events.len()] } else { call.parts };
                columns.push_events(append, parts, item, slice);
            }
        }
        columns
    }

    fn push_events(&mut self, append: &'a Append, parts: &[usize], item: usize, slice: i16) {
        for part in parts.iter().filter(|part| **part > 0) {
            self.together.push(i16::try_from(*part).unwrap_or(i16::MAX));
            self.together.extend(std::iter::repeat_n(0, part - 1));
        }
        for (step, event) in (1..).zip(&append.events) {
            self.items.push(number(item + 1));
            self.steps.push(step);
            self.event_ids.push(event.id());
            self.names.push(event.name());
            self.schema_versions.push(i64::from(event.schema_version().get()));
            self.slices.push(slice);
            self.payloads.push(Json(event.payload()));
            self.metadata.push(event.metadata().map(|metadata| Json(metadata)));
        }
    }

    /// The parameters behind `patient` and `doubtful`, in the order of the SQL function.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 13] {
        [
            &self.calls,
            &self.categories,
            &self.ids,
            &self.expected,
            &self.items,
            &self.steps,
            &self.together,
            &self.event_ids,
            &self.names,
            &self.schema_versions,
            &self.slices,
            &self.payloads,
            &self.metadata,
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
        Expected::Exact(version) => version.into(),
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
