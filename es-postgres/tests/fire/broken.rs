//! Stores that break a promise on purpose: what the trials are there to catch.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::{
    Append, AppendError, Appended, Direction, EventStore, Expected, Filter, Position, ReadError, StoredEvent, StreamId,
    Version,
};
use futures_core::stream::BoxStream;
use uuid::Uuid;

/// How a store breaks its promise.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Says `nothing was appended` where that is not known.
    GuessesRefused,
    /// Sends what it has heard nothing of again, as new events.
    SendsAnew,
    /// Appends event by event.
    OneByOne,
}

/// A store with a fault.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) fault: Fault,
}

#[async_trait]
impl EventStore for Broken {
    async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        match self.fault {
            Fault::OneByOne => self.one_by_one(appends).await,
            Fault::GuessesRefused | Fault::SendsAnew => match self.store.append(appends).await {
                Err(AppendError::Unknown(unknown)) => self.guess(unknown.into_appends()).await,
                outcome => outcome,
            },
        }
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.store.read_stream(stream, from, direction, limit)
    }

    fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.store.read_all(after, filter, limit)
    }

    async fn frontier(&self) -> Result<Position, ReadError> {
        self.store.frontier().await
    }
}

impl Broken {
    async fn guess(&self, mut appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        if matches!(self.fault, Fault::GuessesRefused) {
            return Err(AppendError::Store("no answer".into()));
        }
        for append in &mut appends {
            append.expected = Expected::Any;
            append.events = append.events.drain(..).map(|event| event.with_id(Uuid::now_v7())).collect();
        }
        self.store.append(appends).await
    }

    async fn one_by_one(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let mut all = Vec::new();
        for Append { stream, expected, events } in appends {
            let mut last: Option<Appended> = None;
            for event in events {
                let expected = last.as_ref().map_or(expected, |last| Expected::Exact(last.version));
                let mut next = self.store.append(vec![Append::new(stream.clone(), expected, vec![event])]).await?;
                let mut next = next.remove(0);
                if let Some(mut last) = last {
                    last.positions.append(&mut next.positions);
                    next.positions = last.positions;
                }
                last = Some(next);
            }
            all.extend(last);
        }
        Ok(all)
    }
}
