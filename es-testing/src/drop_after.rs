//! A future that is dropped half way.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Polls a future `points` times, and then drops it; `None` when it was not ready by then.
#[derive(Debug)]
pub(crate) struct DropAfter<F> {
    future: F,
    points: usize,
}

impl<F> DropAfter<F> {
    pub(crate) fn new(future: F, points: usize) -> Self {
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
