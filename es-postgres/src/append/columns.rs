//! Turns appends into columns: one array for each parameter of the SQL function `append`.

use es_core::{Append, Expected, StreamId};
use serde::Serialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::server::types::Json;

/// The numbers by which the SQL function knows [`Expected::Any`] and [`Expected::Exists`].
const ANY: i64 = -1;
const EXISTS: i64 = -2;

/// One append as the SQL function sees it: stored whole or not at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) appends: &'a [Append],
    /// The number of events of each append that was merged into this one; empty when none was.
    pub(crate) part_lengths: &'a [usize],
}

impl<'a> Call<'a> {
    /// A call of one append that was not merged.
    pub(crate) fn new(appends: &'a [Append]) -> Self {
        Self { appends, part_lengths: &[] }
    }
}

/// The parameters of the SQL function, borrowed from the appends.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Columns<'a> {
    /// For each append of each call, in order, the index of its stream in the arrays below.
    #[serde(skip)]
    stream_indexes: Vec<Vec<usize>>,
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
    /// Makes the parameters for these calls.
    pub(crate) fn new(calls: &[Call<'a>]) -> Self {
        let mut streams: Vec<(&Append, usize, usize)> = calls
            .iter()
            .enumerate()
            .flat_map(|(number, call)| call.appends.iter().enumerate().map(move |(at, append)| (append, number, at)))
            .collect();
        // Sorted as the server's index is, so that neighbouring look-ups hit the same pages.
        streams.sort_unstable_by_key(|(append, call, at)| (append.stream.category(), append.stream.id(), *call, *at));
        let mut columns =
            Self { stream_indexes: calls.iter().map(|call| vec![0; call.appends.len()]).collect(), ..Self::default() };
        for (item, (append, call, at)) in streams.iter().enumerate() {
            columns.stream_indexes[*call][*at] = item;
            columns.calls.push(number(*call));
            columns.categories.push(append.stream.category());
            columns.ids.push(append.stream.id());
            columns.expected.push(expected(append.expected));
        }
        // Events keep the order of the appends, so that their positions rise in it, whatever the order of the streams.
        for (number, call) in calls.iter().enumerate() {
            for (at, append) in call.appends.iter().enumerate() {
                let item = columns.stream_indexes[number][at];
                let slice = append.stream.slice().cast_signed();
                let part_lengths =
                    if call.part_lengths.is_empty() { &[append.events.len()] } else { call.part_lengths };
                columns.push_events(append, part_lengths, item, slice);
            }
        }
        columns
    }

    fn push_events(&mut self, append: &'a Append, part_lengths: &[usize], item: usize, slice: i16) {
        for part in part_lengths.iter().filter(|part| **part > 0) {
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

    /// The parameters after `wait` and `check_repeats`, in the order of the SQL function.
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

    /// For each append of the call, in order, the index of its stream in the function's answer.
    pub(crate) fn stream_indexes(&self, call: usize) -> &[usize] {
        &self.stream_indexes[call]
    }
}

/// The number by which the SQL function knows `expected`.
fn expected(expected: Expected) -> i64 {
    match expected {
        Expected::Any => ANY,
        Expected::Exists => EXISTS,
        Expected::NoStream => 0,
        Expected::Exact(version) => version.into(),
    }
}

/// `count` as an SQL integer. The limits of a batch are far below `i32::MAX`.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The approximate number of bytes that the appends take on the wire.
pub(crate) fn wire_bytes(appends: &[Append]) -> usize {
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
