//! The parameters of the SQL function `advance_projection`.

use std::time::Duration;

use es_core::{Claim, ReadModelFailure, ReadModelStep};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::server::types::{Json, Text};

/// The longest lease that the server takes, in microseconds: 285 years.
const LONGEST_LEASE: i64 = 1 << 53;

/// The parameters, borrowed from a claim and a step.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    name: &'a str,
    version: i64,
    epoch: i64,
    handled_before: i64,
    handled: (i64, Option<Uuid>),
    seen: (i64, Option<Uuid>),
    state: &'static str,
    failure: Failure<'a>,
    lease: Option<i64>,
    keys: Vec<Text<'a>>,
    states: Vec<Json<'a>>,
}

#[derive(Debug, Default)]
struct Failure<'a> {
    category: Option<&'a str>,
    id: Option<&'a str>,
    version: Option<i64>,
    position: Option<i64>,
    attempts: Option<i64>,
    error: Option<Text<'a>>,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(claim: &'a Claim, step: &'a ReadModelStep) -> Self {
        Self {
            name: claim.model.name(),
            version: claim.model.version().into(),
            epoch: number(claim.epoch),
            handled_before: claim.handled.position().into(),
            handled: (step.handled.position().into(), step.handled.incarnation()),
            seen: (step.seen.position().into(), step.seen.incarnation()),
            state: step.state.name(),
            failure: step.failure.as_ref().map(Failure::new).unwrap_or_default(),
            lease: step.lease.map(micros),
            keys: step.rows.iter().map(|row| Text(row.key.as_str().into())).collect(),
            states: step.rows.iter().map(|row| Json(&row.state)).collect(),
        }
    }

    /// The parameters in the order of the SQL function.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 18] {
        let Failure { category, id, version, position, attempts, error } = &self.failure;
        [
            &self.name,
            &self.version,
            &self.epoch,
            &self.handled_before,
            &self.handled.0,
            &self.handled.1,
            &self.seen.0,
            &self.seen.1,
            &self.state,
            category,
            id,
            version,
            position,
            attempts,
            error,
            &self.lease,
            &self.keys,
            &self.states,
        ]
    }
}

impl<'a> Failure<'a> {
    fn new(failure: &'a ReadModelFailure) -> Self {
        Self {
            category: Some(failure.stream.category()),
            id: Some(failure.stream.id()),
            version: Some(failure.version.into()),
            position: Some(failure.position.into()),
            attempts: Some(failure.attempts.into()),
            error: Some(Text(failure.error.as_str().into())),
        }
    }
}

/// A lease as the server takes it.
pub(crate) fn micros(lease: Duration) -> i64 {
    i64::try_from(lease.as_micros()).unwrap_or(i64::MAX).min(LONGEST_LEASE)
}

/// An epoch as the server takes it. One that is out of range belongs to no claim of this store, and so no longer holds.
pub(super) fn number(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(-1)
}
