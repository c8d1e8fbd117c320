//! The aggregate of these tests.

use std::convert::Infallible;

use es_core::{Aggregate, Event, EventStoreExt, Handle, IntoEvents, StoreRepository};
use serde::{Deserialize, Serialize};

use crate::store::Store;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "series.measured")]
pub(crate) struct Measured {
    pub(crate) value: f64,
}

/// The values in the order in which they were measured.
#[derive(Aggregate, Clone, Default, Debug, PartialEq)]
#[aggregate(category = "series", id = String, events(Measured))]
pub(crate) struct Series {
    pub(crate) values: Vec<f64>,
}

#[es_core::apply]
impl Series {
    fn measured(&mut self, event: Measured) {
        self.values.push(event.value);
    }
}

/// Records these values in one decision.
#[derive(Clone, Debug)]
pub(crate) struct Measure(pub(crate) Vec<f64>);

impl Handle<Measure> for Series {
    type Error = Infallible;

    fn handle(&self, command: Measure) -> Result<impl IntoEvents<Self>, Infallible> {
        Ok(measured(&command.0))
    }
}

/// Records the number of values, which shows the state that it was decided on.
#[derive(Clone, Debug)]
pub(crate) struct Count;

impl Handle<Count> for Series {
    type Error = Infallible;

    fn handle(&self, _: Count) -> Result<impl IntoEvents<Self>, Infallible> {
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let value = self.values.len() as f64;
        Ok(Measured { value })
    }
}

pub(crate) fn measured(values: &[f64]) -> Vec<Measured> {
    values.iter().map(|value| Measured { value: *value }).collect()
}

pub(crate) fn series() -> (Store, StoreRepository<Series, Store>) {
    let store = Store::default();
    (store.clone(), store.repository())
}

/// The id of the only series of a test.
pub(crate) fn id() -> String {
    "a".to_owned()
}
