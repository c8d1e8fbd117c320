//! Stores that are correct and cost too much, which the tests under load must catch.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, Page, ReadError,
    StoredEvent, StreamId, Version,
};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tokio_postgres::{Client, Config, NoTls};

use crate::tools::recovery::application;

/// The resource that a store wastes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waste {
    /// Keeps memory for every append.
    Memory,
    /// Opens a session every tenth append and keeps it.
    Sessions,
    /// Delays every page of a subscription.
    Lag,
    /// Every subscription polls the log separately.
    SeparateReads,
    /// Appends wait for the slowest subscriber.
    BlockedWriters,
}

/// A store that wastes a resource.
#[derive(Debug)]
pub(crate) struct WastefulStore {
    store: Arc<dyn EventStore>,
    waste: Waste,
    url: String,
    appended: AtomicU64,
    memory: Mutex<Vec<Vec<u8>>>,
    sessions: Mutex<Vec<Client>>,
    /// How many pages each subscription was given.
    delivered: Mutex<Vec<Arc<AtomicU64>>>,
}

impl WastefulStore {
    /// Wraps `store`; `url` is its database, to which leaked sessions are opened.
    pub(crate) fn new(store: Arc<dyn EventStore>, waste: Waste, url: &str) -> Self {
        Self {
            store,
            waste,
            url: url.to_owned(),
            appended: AtomicU64::default(),
            memory: Mutex::default(),
            sessions: Mutex::default(),
            delivered: Mutex::default(),
        }
    }

    fn slowest(&self) -> u64 {
        let delivered = self.delivered.lock().unwrap();
        delivered.iter().map(|delivered| delivered.load(Ordering::Acquire)).min().unwrap_or(u64::MAX)
    }

    async fn leak_session(&self) {
        let mut config: Config = self.url.parse().unwrap();
        let (client, connection) = config.application_name(application()).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        self.sessions.lock().unwrap().push(client);
    }
}

#[async_trait]
impl EventStore for WastefulStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let number = self.appended.fetch_add(1, Ordering::AcqRel);
        match self.waste {
            Waste::Memory => self.memory.lock().unwrap().push(vec![1; 64 * 1024]),
            Waste::Sessions if number.is_multiple_of(10) && number < 400 => self.leak_session().await,
            Waste::BlockedWriters => {
                while self.slowest() < number.saturating_sub(16) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Waste::Sessions | Waste::Lag | Waste::SeparateReads => {}
        }
        self.store.append(request).await
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

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.store.read_pages(from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.store.frontier().await
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        let delivered = Arc::<AtomicU64>::default();
        self.delivered.lock().unwrap().push(Arc::clone(&delivered));
        if self.waste == Waste::SeparateReads {
            // Polls, like the default subscription of a store without its own.
            return Box::pin(futures_util::stream::unfold(after, {
                let filter = filter.clone();
                move |last| {
                    let filter = filter.clone();
                    async move {
                        loop {
                            match self.store.read_pages(last, Direction::Forward, &filter, Some(1)).next().await {
                                Some(Ok(page)) if !page.events.is_empty() => {
                                    let last = page.checkpoint();
                                    return Some((Ok(page), last));
                                }
                                Some(Err(error)) => return Some((Err(error), last)),
                                Some(Ok(_)) | None => tokio::time::sleep(Duration::from_millis(100)).await,
                            }
                        }
                    }
                }
            }));
        }
        let delay = if self.waste == Waste::Lag { Duration::from_millis(20) } else { Duration::ZERO };
        let pages = self.store.subscribe_pages(after, filter).flat_map(|page| {
            let each = page.map(|page| {
                let alone = |event: StoredEvent| Page::new(vec![event.clone()], event.position, page.frontier);
                page.events.iter().cloned().map(alone).collect::<Vec<_>>()
            });
            futures_util::stream::iter(match each {
                Ok(pages) => pages.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        });
        Box::pin(pages.then(move |page| {
            delivered.fetch_add(1, Ordering::AcqRel);
            async move {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                page
            }
        }))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models, snapshots } = self.store.capabilities();
        Capabilities { read_models, snapshots }
    }
}
