//! A store that holds one event.

use std::sync::Arc;

use async_trait::async_trait;
use es::store::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventName, EventStore, Filter, Page,
    Position, ReadError, StoreError, StoreErrorKind, StoredEvent, StreamId, Timestamp, Version,
};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use uuid::Uuid;

use crate::schema_version;

/// A store that holds one event with any bytes.
#[derive(Debug)]
pub(crate) struct Holding(pub(crate) StoredEvent);

impl Holding {
    pub(crate) fn new(name: &str, version: u32, payload: Vec<u8>) -> Arc<Self> {
        let (stream, name) = (StreamId::new("account", "1").unwrap(), EventName::new(name).unwrap());
        let at = StoredEvent::at(stream, Version::FIRST, Position::new(1), Timestamp::now());
        Arc::new(Self(at.event(Uuid::nil(), name, schema_version(version), payload, None)))
    }

    fn stored(&self) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        futures_util::stream::iter([Ok(self.0.clone())]).boxed()
    }
}

#[async_trait]
impl EventStore for Holding {
    async fn append(&self, _: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        Err(AppendError::Store(StoreError::new(StoreErrorKind::Other, "it holds what it holds")))
    }

    fn read_stream(
        &self,
        _: &StreamId,
        _: Version,
        _: Direction,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.stored()
    }

    fn read_pages(
        &self,
        _: Checkpoint,
        _: Direction,
        _: &Filter,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        let position = self.0.position;
        Box::pin(futures_util::stream::iter([Ok(Page::new(vec![self.0.clone()], position, position.into()))]))
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Ok(self.0.position.into())
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
    }
}
