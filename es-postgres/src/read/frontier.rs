//! Caches the frontier so that it never moves back for readers, not even after a crash of the server.
//! `migrations/0002_frontier.sql` explains why nothing can appear at or below it.
//!
//! The server's answers may move back, for two reasons:
//!
//! - A writer reads the sequence and then takes the advisory lock that announces this value (`fence`). In between, other
//!   transactions may commit and a reader may ask for the frontier. The late lock then lies below the answer that this
//!   reader got. The writer draws its positions only after it took the lock, so the higher answer is still correct. The
//!   cache keeps the highest answer.
//! - A crash may undo draws from the sequence that no commit made durable, so positions of rolled-back transactions are
//!   drawn again. Therefore the frontier is never above the last event.
//!
//! Both hold within one incarnation of the log. The cache starts again in another one.

use std::sync::{Mutex, PoisonError};

use es_core::{Checkpoint, Position};
use uuid::Uuid;

/// The frontier of one incarnation of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frontier {
    /// The position of the last event. Nothing can still appear at or below it.
    pub(crate) position: Position,
    /// Every position drawn up to here belongs to a committed event or was rolled back. Not durable: a crash may undo
    /// draws.
    pub(crate) finished: Position,
    pub(crate) incarnation: Uuid,
}

/// The highest frontier that the server has reported.
#[derive(Debug)]
pub(crate) struct FrontierCache(Mutex<Frontier>);

impl Frontier {
    /// The frontier of an empty log.
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

    /// Records the incarnation that the server reported; the cache held `before` when the server was asked.
    pub(crate) fn observe_incarnation(&self, before: Uuid, incarnation: Uuid) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.incarnation == before && before != incarnation {
            *cache = Frontier::start(incarnation);
        }
    }

    /// Records the server's answer and returns the frontier for the reader. The cache held `before` when the server was
    /// asked; `lost` is whether the server no longer has the event at that position.
    pub(crate) fn update(&self, before: Frontier, answer: Frontier, lost: bool) -> Frontier {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = if cache.incarnation == answer.incarnation {
            // A log that lost its last event was restored, although its incarnation is the same.
            lost && *cache == before
        } else if cache.incarnation == before.incarnation {
            true
        } else {
            // A later answer, from where the log has moved to, was recorded first.
            return answer;
        };
        if moved {
            *cache = answer;
        }
        cache.position = cache.position.max(answer.position);
        Frontier { finished: answer.finished, ..*cache }
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
        assert_eq!(ask(&cache, 7, HERE, false), 9, "a late lock");
        assert_eq!(ask(&cache, 5, THERE, true), 5, "another log");
        assert_eq!(ask(&cache, 4, THERE, true), 4, "a log that is shorter than it was");
    }

    #[test]
    fn reordered_answers_do_not_look_like_a_shorter_log() {
        let cache = FrontierCache::new(HERE);
        let before = cache.current();
        assert_eq!(cache.update(before, answer(9, HERE), false).position.get(), 9);
        assert_eq!(cache.update(before, answer(5, HERE), false).position.get(), 9);
    }

    #[test]
    fn answers_from_before_a_move_do_not_lower_the_frontier_after_it() {
        let cache = FrontierCache::new(HERE);
        ask(&cache, 9, HERE, false);
        let before = cache.current();
        assert_eq!(cache.update(before, answer(6, THERE), true).position.get(), 6);
        assert_eq!(cache.update(before, answer(5, THERE), true).position.get(), 6, "asked at the same time");
        assert_eq!(cache.update(before, answer(9, HERE), false), answer(9, HERE), "answered before the move");
        cache.observe_incarnation(HERE, HERE);
        assert_eq!(cache.current(), answer(6, THERE));
        // The log moves back to the first server.
        assert_eq!(ask(&cache, 8, HERE, true), 8);
        cache.observe_incarnation(HERE, THERE);
        assert_eq!(cache.current(), Frontier::start(THERE));
    }

    #[test]
    fn concurrent_readers_detect_a_shorter_log_once() {
        let cache = FrontierCache::new(HERE);
        ask(&cache, 9, HERE, false);
        let before = cache.current();
        assert_eq!(cache.update(before, answer(6, HERE), true).position.get(), 6);
        assert_eq!(cache.update(before, answer(5, HERE), true).position.get(), 6);
    }
}
