//! Given and then: what a view makes of events, as a test.

use std::fmt::{self, Debug, Display};

use es_core::{Aggregate, IntoEvents, Recorded, View};

use crate::{
    difference::difference,
    given::{Given, apply},
};

/// Starts a scenario of the view `V`, which has seen no events yet. Rows by key have [`row_scenario`](crate::row_scenario).
///
/// ```
/// # use es_core::{Aggregate, Apply, Event, apply, project};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "door.opened")]
/// # struct Opened;
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "door.closed")]
/// # struct Closed;
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(category = "door", id = String, events(Opened, Closed))]
/// # struct Door;
/// # impl<E> Apply<E> for Door { fn apply(&mut self, _: E) {} }
/// #[derive(Default, Debug, PartialEq)]
/// struct OpenDoors {
///     count: u64,
/// }
///
/// #[project(name = "open-doors", every(Door))]
/// impl OpenDoors {
///     fn opened(&mut self, _: &Opened) { self.count += 1; }
///     fn closed(&mut self, _: &Closed) { self.count -= 1; }
/// }
///
/// use es_testing::view_scenario;
///
/// view_scenario::<OpenDoors>()
///     .given::<Door>("front", (Opened, Closed, Opened))
///     .given::<Door>("back", Opened)
///     .then(OpenDoors { count: 2 });
/// ```
#[must_use = "a scenario tests nothing until `then`, or before its `view` is looked at"]
pub fn view_scenario<V: View>() -> ViewScenario<V> {
    ViewScenario { view: V::default(), given: Given::default() }
}

/// A view to which the given events were applied.
#[must_use = "a scenario tests nothing until `then`, or before its `view` is looked at"]
pub struct ViewScenario<V> {
    view: V,
    given: Given,
}

impl<V: View> ViewScenario<V> {
    /// Applies events that have happened in the stream of the aggregate `A` with this id, behind those that were given before.
    /// They are encoded and decoded, as by a store, and those that the view does not want are left out. They were recorded at the
    /// Unix epoch, without metadata; [`given_recorded`](Self::given_recorded) has both.
    ///
    /// # Panics
    /// An event cannot be stored, the id cannot be that of a stream, or a method of the view fails.
    #[track_caller]
    pub fn given<A: Aggregate>(mut self, id: impl Display, events: impl IntoEvents<A>) -> Self {
        for event in self.given.events(id, events) {
            apply(&mut self.view, &event.stored);
        }
        self
    }

    /// Applies one event with its stream, version, position, time and metadata: those of [`Recorded::new`], as the test has
    /// changed them.
    ///
    /// # Panics
    /// The event cannot be stored, its stream is not one of the aggregate `A`, or a method of the view fails.
    #[track_caller]
    pub fn given_recorded<A: Aggregate>(mut self, event: Recorded<impl Into<A::Event>>) -> Self {
        apply(&mut self.view, &self.given.recorded::<A>(event).stored);
        self
    }

    /// The view is exactly this.
    ///
    /// # Panics
    /// It is not; the panic shows the difference.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a view is written where it is expected")]
    pub fn then(self, expected: V)
    where
        V: Debug + PartialEq,
    {
        assert!(self.view == expected, "the view is another\n{}", difference(&expected, &self.view, "folded"));
    }

    /// Gives the view.
    pub fn view(self) -> V {
        self.view
    }
}

impl<V: Debug> Debug for ViewScenario<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewScenario").field("view", &self.view).finish_non_exhaustive()
    }
}
