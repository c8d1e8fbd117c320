//! The frontier as readers know it: it never moves back, and no crash of the server takes it back.
//!
//! What the server answers may move back, in two ways. A writer reads the sequence and then takes its lock; in between
//! others may commit and a reader may look, and the lock that comes late stands below what that reader was told. It
//! holds nothing back that was settled then, since its writer draws later: the highest answer goes on to hold. And
//! positions that a transaction drew and rolled back are drawn again after a crash, where nothing made them durable: so
//! nothing counts above the last event. Both hold for an incarnation of the log; where it is another, all begins anew.

use std::sync::{Mutex, PoisonError};

use es_core::{Checkpoint, Position};
use uuid::Uuid;

/// How far one incarnation of the log is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frontier {
    /// The last event at or below which nothing can still appear.
    pub(crate) position: Position,
    /// Up to here each position that was drawn has its event, or was rolled back: until the server crashes.
    pub(crate) finished: Position,
    pub(crate) incarnation: Uuid,
}

/// The highest frontier that was answered.
#[derive(Debug)]
pub(crate) struct FrontierCache(Mutex<Frontier>);

impl Frontier {
    /// Nothing is settled yet.
    pub(crate) fn start(incarnation: Uuid) -> Self {
        Self { position: Position::START, finished: Position::START, incarnation }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(self.incarnation, self.position)
    }
}

impl FrontierCache {
    pub(crate) fn new(incarnation: Uuid) -> Self {
        Self(Mutex::new(Frontier::start(incarnation)))
    }

    pub(crate) fn current(&self) -> Frontier {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log is of this incarnation; it was `before` when the server was asked.
    pub(crate) fn observe_incarnation(&self, before: Uuid, incarnation: Uuid) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.incarnation == before && before != incarnation {
            *cache = Frontier::start(incarnation);
        }
    }

    /// What is settled now: `before` was when the server was asked, which may have `lost` the event there since.
    pub(crate) fn update(&self, before: Frontier, answered: Frontier, lost: bool) -> Frontier {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = if cache.incarnation == answered.incarnation {
            // a log that is shorter than it was is another one, even if nobody told it so
            lost && *cache == before
        } else if cache.incarnation == before.incarnation {
            true
        } else {
            // overtaken by an answer from where the log moved to meanwhile
            return answered;
        };
        if moved {
            *cache = answered;
        }
        cache.position = cache.position.max(answered.position);
        Frontier { finished: answered.finished, ..*cache }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Uuid = Uuid::from_u128(1);
    const THERE: Uuid = Uuid::from_u128(2);

    fn answer(position: u64, incarnation: Uuid) -> Frontier {
        let position = Position::new(position);
        Frontier { position, finished: position, incarnation }
    }

    fn ask(cache: &FrontierCache, position: u64, incarnation: Uuid, lost: bool) -> u64 {
        cache.update(cache.current(), answer(position, incarnation), lost).position.get()
    }

    #[test]
    fn the_highest_answer_holds_in_one_incarnation() {
        let cache = FrontierCache::new(HERE);
        assert_eq!(ask(&cache, 9, HERE, false), 9);
        assert_eq!(ask(&cache, 7, HERE, false), 9, "a lock that came late");
        assert_eq!(ask(&cache, 5, THERE, true), 5, "another log");
        assert_eq!(ask(&cache, 4, THERE, true), 4, "a log that is shorter than it was");
    }

    #[test]
    fn answers_that_overtake_each_other_are_no_shorter_log() {
        let cache = FrontierCache::new(HERE);
        let before = cache.current();
        assert_eq!(cache.update(before, answer(9, HERE), false).position.get(), 9);
        assert_eq!(cache.update(before, answer(5, HERE), false).position.get(), 9);
    }

    #[test]
    fn answers_from_before_a_move_take_nothing_back_that_was_settled_after_it() {
        let cache = FrontierCache::new(HERE);
        ask(&cache, 9, HERE, false);
        let before = cache.current();
        assert_eq!(cache.update(before, answer(6, THERE), true).position.get(), 6);
        assert_eq!(cache.update(before, answer(5, THERE), true).position.get(), 6, "asked at the same time");
        assert_eq!(cache.update(before, answer(9, HERE), false), answer(9, HERE), "answered before the move");
        cache.observe_incarnation(HERE, HERE);
        assert_eq!(cache.current(), answer(6, THERE));
        // it moves back
        assert_eq!(ask(&cache, 8, HERE, true), 8);
        cache.observe_incarnation(HERE, THERE);
        assert_eq!(cache.current(), Frontier::start(THERE));
    }

    #[test]
    fn a_shorter_log_is_found_once_by_those_who_ask_together() {
        let cache = FrontierCache::new(HERE);
        ask(&cache, 9, HERE, false);
        let before = cache.current();
        assert_eq!(cache.update(before, answer(6, HERE), true).position.get(), 6);
        assert_eq!(cache.update(before, answer(5, HERE), true).position.get(), 6);
    }
}
