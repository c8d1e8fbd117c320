//! The frontier as readers know it: it never moves back, and no crash of the server takes it back.
//!
//! What the server answers may move back, in two ways. A writer reads the sequence and then takes its lock; in between
//! others may commit and a reader may look, and the lock that comes late stands below what that reader was told. It
//! holds nothing back that was settled then, since its writer draws later: the highest answer goes on to hold. And
//! positions that a transaction drew and rolled back are drawn again after a crash, where nothing made them durable: so
//! nothing counts above the last event. Both hold for an incarnation of the log; where it is another, all begins anew.

use std::sync::{Mutex, PoisonError};

use es_core::Position;
use uuid::Uuid;

/// How far one incarnation of the log is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frontier {
    /// The last event at or below which nothing can still appear.
    pub(crate) position: Position,
    /// Up to here each position that was drawn has its event, or was rolled back: until the server crashes.
    pub(crate) decided: Position,
    pub(crate) incarnation: Uuid,
}

/// The highest frontier that was answered.
#[derive(Debug)]
pub(crate) struct Settled(Mutex<Frontier>);

impl Frontier {
    /// Nothing is settled yet.
    pub(crate) fn start(incarnation: Uuid) -> Self {
        Self { position: Position::START, decided: Position::START, incarnation }
    }
}

impl Settled {
    pub(crate) fn new(incarnation: Uuid) -> Self {
        Self(Mutex::new(Frontier::start(incarnation)))
    }

    pub(crate) fn now(&self) -> Frontier {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log is of this incarnation.
    pub(crate) fn found_in(&self, incarnation: Uuid) {
        let mut settled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if settled.incarnation != incarnation {
            *settled = Frontier::start(incarnation);
        }
    }

    /// What is settled now: `before` was when the server was asked for the frontier and for the `last` event.
    pub(crate) fn answered(&self, before: Frontier, decided: Position, last: Position, incarnation: Uuid) -> Frontier {
        let answered = Frontier { position: decided.min(last), decided, incarnation };
        let mut settled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // a log that is shorter than it was is another one, even if nobody told it so
        let moved = settled.incarnation != incarnation || last < before.position;
        if moved {
            *settled = answered;
        }
        settled.position = settled.position.max(answered.position);
        Frontier { decided, ..*settled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Uuid = Uuid::from_u128(1);
    const THERE: Uuid = Uuid::from_u128(2);

    fn at(position: u64) -> Position {
        Position::new(position)
    }

    fn ask(settled: &Settled, decided: u64, last: u64, incarnation: Uuid) -> u64 {
        settled.answered(settled.now(), at(decided), at(last), incarnation).position.get()
    }

    #[test]
    fn the_highest_answer_holds_in_one_incarnation() {
        let settled = Settled::new(HERE);
        assert_eq!(ask(&settled, 9, 9, HERE), 9);
        assert_eq!(ask(&settled, 7, 10, HERE), 9, "a lock that came late");
        assert_eq!(ask(&settled, 12, 11, HERE), 11, "drawn and rolled back");
        assert_eq!(ask(&settled, 5, 8, THERE), 5, "another log");
        assert_eq!(ask(&settled, 4, 4, THERE), 4, "a log that is shorter than it was");
    }

    #[test]
    fn answers_that_overtake_each_other_are_no_shorter_log() {
        let settled = Settled::new(HERE);
        let before = settled.now();
        assert_eq!(settled.answered(before, at(9), at(9), HERE).position, at(9));
        assert_eq!(settled.answered(before, at(5), at(5), HERE).position, at(9));
    }
}
