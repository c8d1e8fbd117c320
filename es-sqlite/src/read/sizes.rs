//! How many events the pages hold that are read at once.

/// How many events the first page holds at most. Each page may hold four times as many as the one before, up to the last.
const FIRST_PAGE: usize = 128;
const LAST_PAGE: usize = 512;
/// How many pages are read at once, where it is known before which events a page holds: one on each thread.
const AT_ONCE: usize = 4;

/// How many events the next pages hold at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    next: usize,
    left: usize,
    at_once: usize,
}

impl Sizes {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self { next: FIRST_PAGE, left: limit.unwrap_or(usize::MAX), at_once: AT_ONCE }
    }

    /// The size of the next page, after `started` pages that shall hold `promised` events; `None` when no more is to be started.
    pub(super) fn take(&mut self, started: usize, promised: usize) -> Option<usize> {
        let size = self.next.min(self.left.saturating_sub(promised));
        if size == 0 || started >= self.at_once {
            return None;
        }
        self.next = (self.next * 4).min(LAST_PAGE);
        Some(size)
    }

    /// Counts the events of a page; false when no more are asked for.
    pub(super) fn count(&mut self, events: usize) -> bool {
        self.left -= events.min(self.left);
        self.left > 0
    }

    /// Goes on page by page, since pages are full before they hold as many events as they may: nobody knows where the next
    /// page begins.
    pub(super) fn one_at_a_time(&mut self) {
        self.at_once = 1;
    }
}
