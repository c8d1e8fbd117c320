//! A future that is dropped at an await point.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Polls a future at most `points` times, and then gives `None` instead of its output, as if its caller was cancelled.
///
/// ```
/// # use es_testing::DropAfter;
/// # async fn example() {
/// let answer = DropAfter::new(Box::pin(async { tokio::task::yield_now().await; 7 }), 1).await;
/// assert_eq!(answer, None); // It was dropped at its only await point.
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example());
/// ```
#[derive(Debug)]
pub struct DropAfter<F> {
    future: F,
    points: usize,
}

impl<F> DropAfter<F> {
    /// Polls `future` at most `points` times.
    pub fn new(future: F, points: usize) -> Self {
        Self { future, points }
    }
}

impl<F: Future + Unpin> Future for DropAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(points) = self.points.checked_sub(1) else { return Poll::Ready(None) };
        self.points = points;
        match Pin::new(&mut self.future).poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if points == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}
