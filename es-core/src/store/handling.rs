//! Refuses appends that a projection's method makes to its own store.

use std::{
    cell::Cell,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll},
};

use crate::store::{AppendError, StoreError, StoreErrorKind};

thread_local! {
    /// The store in whose transaction a method runs on this thread now; 0 for none.
    static HANDLING: Cell<u64> = const { Cell::new(0) };
}

static LAST: AtomicU64 = AtomicU64::new(0);

/// Lets a store know whether it is asked for an append by code that runs in one of its own transactions. Such an append would not be
/// part of that transaction, and could wait for it for ever.
///
/// ```
/// # use es_core::HandlerGuard;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let guard = HandlerGuard::new();
/// assert!(guard.check().is_ok());
/// assert!(guard.run(async { guard.check() }).await.is_err());
/// assert!(guard.run(async { HandlerGuard::new().check() }).await.is_ok(), "another store");
/// # }
/// ```
#[derive(Debug)]
pub struct HandlerGuard(u64);

/// A method of a projection asked its own store for an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a projection cannot append to the store whose events it handles; run a command when it has handled the event, or append to \
     another store"
)]
#[non_exhaustive]
pub struct AppendInHandler {}

impl HandlerGuard {
    /// The guard of a store that is opened.
    #[expect(clippy::new_without_default, reason = "each guard is another one")]
    pub fn new() -> Self {
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Runs a part of the work in a transaction of the store.
    pub async fn run<T>(&self, part: impl Future<Output = T> + Send) -> T {
        Guarded { store: self.0, part: Box::pin(part) }.await
    }

    /// Whether an append may be made now.
    ///
    /// # Errors
    /// [`AppendInHandler`], as the source of [`AppendError::Store`].
    pub fn check(&self) -> Result<(), AppendError> {
        if HANDLING.get() == self.0 {
            return Err(AppendError::Store(StoreError::new(StoreErrorKind::Misconfigured, AppendInHandler {})));
        }
        Ok(())
    }
}

/// A part, with a note for as long as it is polled.
struct Guarded<'a, T> {
    store: u64,
    part: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
}

impl<T> Future for Guarded<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        /// Restores the note, also after a panic.
        struct Before(u64);

        impl Drop for Before {
            fn drop(&mut self) {
                HANDLING.set(self.0);
            }
        }

        let _before = Before(HANDLING.replace(self.store));
        self.part.as_mut().poll(context)
    }
}
