//! Stores that break a promise on purpose: what the trials are there to catch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use es_core::{
    Append, AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Expected, Filter,
    Page, Position, ReadError, StoredEvent, StreamId, Timestamp, UnknownOutcome, Version,
};
use futures_core::stream::BoxStream;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::tools::healing::{SESSIONS, application};

/// How a store breaks its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Says `nothing was appended` where that is not known.
    GuessesRefused,
    /// Says `appended` where nothing was.
    GuessesDone,
    /// Sends what it has heard nothing of again, as new events.
    SendsAnew,
    /// Waits for an answer for half a second, and sends again what is still being appended.
    Impatient,
    /// Says `nothing was appended` of an unknown outcome when it is asked again and nobody answers.
    ForgetsDoubt,
    /// Appends event by event.
    OneByOne,
    /// Expects nothing where the highest version is expected, after which there is none.
    Overflows,
    /// After a fault, appends no more.
    StaysDown,
    /// After a fault, never lets go of the streams.
    KeepsStreams,
    /// After a fault, shows no more.
    StandsStill,
    /// After a fault, opens connections anew and keeps the old ones.
    Leaks,
    /// After a fault, leaves a connection behind that nobody closes.
    LeavesBehind,
    /// After a fault, leaves a transaction open.
    LeavesOpen,
}

/// A store with a fault.
#[derive(Debug)]
pub(crate) struct Broken {
    store: Arc<dyn EventStore>,
    fault: Fault,
    url: String,
    /// Streams that appends were lost on, once there was such an append.
    hurt: Mutex<Vec<StreamId>>,
    leaks: AtomicBool,
    leaked: Mutex<Vec<Client>>,
}

impl Broken {
    /// `store` with `fault`; `url` is the server of both.
    pub(crate) fn new(store: impl EventStore + 'static, fault: Fault, url: &str) -> Self {
        Self {
            store: Arc::new(store),
            fault,
            url: url.to_owned(),
            hurt: Mutex::default(),
            leaks: AtomicBool::default(),
            leaked: Mutex::default(),
        }
    }

    /// Whether there was a fault.
    pub(crate) fn is_hurt(&self) -> bool {
        !self.hurt.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl EventStore for Broken {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let appends = request.into_appends()?;
        if self.fault == Fault::OneByOne {
            return self.one_by_one(appends).await;
        }
        if self.fault == Fault::Overflows {
            return self.store.append(AppendRequest::new(appends.into_iter().map(overflow))).await;
        }
        if self.fault == Fault::Impatient {
            let first = tokio::time::timeout(Duration::from_millis(500), self.store.append(appends.clone().into()));
            return match first.await {
                Ok(outcome) => outcome,
                Err(_) => self.store.append(appends.into()).await,
            };
        }
        let hurt = self.hurt.lock().unwrap().clone();
        if self.fault == Fault::StaysDown && !hurt.is_empty() {
            return Err(AppendError::Store(es_core::StoreError::new(
                es_core::StoreErrorKind::Unavailable,
                "the connection is closed",
            )));
        }
        if self.fault == Fault::KeepsStreams && appends.iter().any(|append| hurt.contains(&append.stream)) {
            return std::future::pending().await;
        }
        let streams: Vec<StreamId> = appends.iter().map(|append| append.stream.clone()).collect();
        match self.store.append(appends.clone().into()).await {
            Err(AppendError::Unknown(unknown)) if self.fault != Fault::ForgetsDoubt => {
                let answer = self.guess(unknown.into_request().into_appends()?).await;
                self.hurt.lock().unwrap().extend(streams);
                answer
            }
            Err(AppendError::Store(_)) if self.fault == Fault::GuessesDone => Ok(made_up(&appends)),
            Err(AppendError::Store(error)) => {
                self.hurt.lock().unwrap().extend(streams);
                Err(AppendError::Store(error))
            }
            outcome => outcome,
        }
    }

    async fn resolve(&self, outcome: UnknownOutcome) -> Result<Vec<Appended>, AppendError> {
        if self.fault == Fault::ForgetsDoubt {
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
        if self.fault == Fault::StandsStill && !self.hurt.lock().unwrap().is_empty() {
            return Ok(Checkpoint::START);
        }
        self.store.frontier().await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { snapshots } = self.store.capabilities();
        Capabilities { snapshots }
    }
}

impl Broken {
    async fn guess(&self, mut appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        match self.fault {
            Fault::GuessesRefused => {
                return Err(AppendError::Store(es_core::StoreError::new(
                    es_core::StoreErrorKind::TimedOut,
                    "no answer",
                )));
            }
            Fault::GuessesDone => return Ok(made_up(&appends)),
            Fault::SendsAnew => {
                for append in &mut appends {
                    append.expected = Expected::Any;
                    append.events = append.events.drain(..).map(|event| event.with_id(Uuid::now_v7())).collect();
                }
            }
            Fault::Leaks => self.leak(usize::try_from(SESSIONS).unwrap() + 1, "").await,
            Fault::LeavesOpen => self.leak(1, "BEGIN").await,
            Fault::LeavesBehind => {
                self.leak(1, "").await;
                let left: Vec<Client> = self.leaked.lock().unwrap().drain(..).collect();
                tokio::spawn(async move {
                    let _left = left;
                    std::future::pending::<()>().await;
                });
            }
            Fault::Impatient
            | Fault::ForgetsDoubt
            | Fault::OneByOne
            | Fault::Overflows
            | Fault::StaysDown
            | Fault::KeepsStreams
            | Fault::StandsStill => {}
        }
        let mut outcome = self.store.append(appends.into()).await;
        while let Err(AppendError::Unknown(unknown)) = outcome {
            outcome = self.store.resolve(*unknown).await;
        }
        outcome
    }

    /// Opens connections once, says `statement` on each, and keeps them.
    async fn leak(&self, count: usize, statement: &str) {
        if self.leaks.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut config: tokio_postgres::Config = self.url.parse().unwrap();
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

fn overflow(mut append: Append) -> Append {
    if matches!(append.expected, Expected::Exact(version) if version == Version::MAX) {
        append.expected = Expected::Any;
    }
    append
}

/// An answer that looks like one.
fn made_up(appends: &[Append]) -> Vec<Appended> {
    let answer = |append: &Append| {
        let (stream, version) = (append.stream.clone(), Version::new(append.events.len() as u64));
        let positions = append.events.iter().map(|_| Position::new(1)).collect();
        Appended::new(stream, version, positions, Timestamp::now())
    };
    appends.iter().map(answer).collect()
}
