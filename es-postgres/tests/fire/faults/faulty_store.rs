//! Stores that break a promise on purpose, which the trials must catch.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use es_core::{
    Append, AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Expected, Filter,
    Page, Position, ReadError, StoreError, StoreErrorKind, StoredEvent, StreamId, Timestamp, UnknownOutcome, Version,
};
use futures_core::stream::BoxStream;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

use crate::tools::recovery::{SESSIONS, application};

/// How a store breaks its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Reports an unknown outcome as `nothing was appended`.
    GuessesRefused,
    /// Reports an unknown or failed append as appended.
    GuessesAppended,
    /// Resends an append with an unknown outcome as new events.
    ResendsWithNewIds,
    /// Waits half a second for an answer, and then resends an append that is still running.
    TimesOutEarly,
    /// Reports `nothing was appended` when an unknown outcome cannot be resolved.
    ForgetsUnknown,
    /// Appends each event in its own transaction.
    AppendsEventByEvent,
    /// Treats `Exact(Version::MAX)` as `Any`, as if the next version overflowed.
    Overflows,
    /// After a failure, refuses every append.
    NeverReconnects,
    /// After a failure, blocks appends to its streams for ever.
    NeverReleasesStreams,
    /// After a failure, its frontier stays at the start.
    FreezesFrontier,
    /// After a failure, opens more sessions than a store may have.
    LeaksSessions,
    /// After a failure, opens a session that outlives the store.
    LeaksAfterDrop,
    /// After a failure, leaves a transaction open.
    LeavesTransactionOpen,
}

/// A store with a fault.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    store: Arc<dyn EventStore>,
    fault: Fault,
    url: String,
    /// The streams of failed appends.
    failed_streams: Mutex<Vec<StreamId>>,
    leaked_once: AtomicBool,
    leaked: Mutex<Vec<Client>>,
}

impl FaultyStore {
    /// Wraps `store`; `url` is its database, to which the fault opens sessions.
    pub(crate) fn new(store: impl EventStore + 'static, fault: Fault, url: &str) -> Self {
        Self {
            store: Arc::new(store),
            fault,
            url: url.to_owned(),
            failed_streams: Mutex::default(),
            leaked_once: AtomicBool::default(),
            leaked: Mutex::default(),
        }
    }

    /// Whether an append has failed.
    pub(crate) fn has_failed(&self) -> bool {
        !self.failed_streams.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl EventStore for FaultyStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let appends = request.into_appends()?;
        if self.fault == Fault::AppendsEventByEvent {
            return self.one_by_one(appends).await;
        }
        if self.fault == Fault::Overflows {
            return self.store.append(AppendRequest::new(appends.into_iter().map(without_max_version))).await;
        }
        if self.fault == Fault::TimesOutEarly {
            let first = tokio::time::timeout(Duration::from_millis(500), self.store.append(appends.clone().into()));
            return match first.await {
                Ok(outcome) => outcome,
                Err(_) => self.store.append(appends.into()).await,
            };
        }
        let failed = self.failed_streams.lock().unwrap().clone();
        if self.fault == Fault::NeverReconnects && !failed.is_empty() {
            return Err(AppendError::Store(StoreError::new(StoreErrorKind::Unavailable, "the connection is closed")));
        }
        if self.fault == Fault::NeverReleasesStreams && appends.iter().any(|append| failed.contains(&append.stream)) {
            return std::future::pending().await;
        }
        let streams: Vec<StreamId> = appends.iter().map(|append| append.stream.clone()).collect();
        match self.store.append(appends.clone().into()).await {
            Err(AppendError::Unknown(unknown)) if self.fault != Fault::ForgetsUnknown => {
                let answer = self.after_unknown(unknown.into_request().into_appends()?).await;
                self.failed_streams.lock().unwrap().extend(streams);
                answer
            }
            Err(AppendError::Store(_)) if self.fault == Fault::GuessesAppended => Ok(invented_answer(&appends)),
            Err(AppendError::Store(error)) => {
                self.failed_streams.lock().unwrap().extend(streams);
                Err(AppendError::Store(error))
            }
            outcome => outcome,
        }
    }

    async fn resolve(&self, outcome: UnknownOutcome) -> Result<Vec<Appended>, AppendError> {
        if self.fault == Fault::ForgetsUnknown {
            return self.append(outcome.into_request()).await;
        }
        self.store.resolve(outcome).await
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
        if self.fault == Fault::FreezesFrontier && !self.failed_streams.lock().unwrap().is_empty() {
            return Ok(Checkpoint::START);
        }
        self.store.frontier().await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models, snapshots } = self.store.capabilities();
        Capabilities { read_models, snapshots }
    }
}

impl FaultyStore {
    async fn after_unknown(&self, mut appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        match self.fault {
            Fault::GuessesRefused => {
                return Err(AppendError::Store(StoreError::new(StoreErrorKind::TimedOut, "no answer")));
            }
            Fault::GuessesAppended => return Ok(invented_answer(&appends)),
            Fault::ResendsWithNewIds => {
                for append in &mut appends {
                    append.expected = Expected::Any;
                    append.events = append.events.drain(..).map(|event| event.with_id(Uuid::now_v7())).collect();
                }
            }
            Fault::LeaksSessions => self.leak(usize::try_from(SESSIONS).unwrap() + 1, "").await,
            Fault::LeavesTransactionOpen => self.leak(1, "BEGIN").await,
            Fault::LeaksAfterDrop => {
                self.leak(1, "").await;
                let left: Vec<Client> = self.leaked.lock().unwrap().drain(..).collect();
                tokio::spawn(async move {
                    let _left = left;
                    std::future::pending::<()>().await;
                });
            }
            Fault::TimesOutEarly
            | Fault::ForgetsUnknown
            | Fault::AppendsEventByEvent
            | Fault::Overflows
            | Fault::NeverReconnects
            | Fault::NeverReleasesStreams
            | Fault::FreezesFrontier => {}
        }
        let mut outcome = self.store.append(appends.into()).await;
        while let Err(AppendError::Unknown(unknown)) = outcome {
            outcome = self.store.resolve(*unknown).await;
        }
        outcome
    }

    /// Opens sessions once, runs `statement` on each, and keeps them.
    async fn leak(&self, count: usize, statement: &str) {
        if self.leaked_once.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut config: Config = self.url.parse().unwrap();
        config.application_name(application());
        for _ in 0..count {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(statement).await.unwrap();
            self.leaked.lock().unwrap().push(client);
        }
    }

    async fn one_by_one(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let mut all = Vec::new();
        for Append { stream, expected, events, .. } in appends {
            let mut last: Option<Appended> = None;
            for event in events {
                let expected = last.as_ref().map_or(expected, |last| Expected::Exact(last.version));
                let mut next = self.store.append(Append::new(stream.clone(), expected, vec![event]).into()).await?;
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

fn without_max_version(mut append: Append) -> Append {
    if matches!(append.expected, Expected::Exact(version) if version == Version::MAX) {
        append.expected = Expected::Any;
    }
    append
}

/// An answer that the server never gave.
fn invented_answer(appends: &[Append]) -> Vec<Appended> {
    let answer = |append: &Append| {
        let (stream, version) = (append.stream.clone(), Version::new(append.events.len() as u64));
        let positions = append.events.iter().map(|_| Position::new(1)).collect();
        Appended::new(stream, version, positions, Timestamp::now())
    };
    appends.iter().map(answer).collect()
}
