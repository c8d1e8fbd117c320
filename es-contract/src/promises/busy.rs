//! Appends that a store refuses because it is busy.

use std::{sync::Arc, time::Duration};

use es_core::{Append, AppendError, Appended, Direction, EventStore, Expected, StoreErrorKind, StreamId, Version};
use futures_util::TryStreamExt;

use super::{Subject, ensure, ensure_eq, note, subject::task_result};
use crate::{BrokenPromise, Factory};

/// How many writers append at once, and how many appends each sends.
const WRITERS: u64 = 32;
const APPENDS: u64 = 8;
/// How often a writer sends an append that is refused as busy, and how long it waits in between.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// An append that was refused as busy stores nothing. Sent again it is accepted as a new append, not as a repeat.
pub async fn an_append_refused_as_busy_is_not_stored_and_can_be_sent_again(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let shared = subject.stream("shared")?;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let (store, shared, own) =
            (Arc::clone(&subject.store), shared.clone(), subject.stream(&format!("own{number}"))?);
        writers.push(tokio::spawn(async move {
            for stored in 0..APPENDS {
                write(&store, &shared, &own, stored).await?;
            }
            Ok::<_, BrokenPromise>(())
        }));
    }
    for writer in writers {
        task_result(writer.await)??;
    }
    ensure_eq("each append is stored once", 2 * WRITERS * APPENDS, subject.log().await?.len() as u64)
}

/// Appends an event to both streams, and sends it again while the store is busy; `own` holds `stored` events before.
async fn write(
    store: &Arc<dyn EventStore>,
    shared: &StreamId,
    own: &StreamId,
    stored: u64,
) -> Result<(), BrokenPromise> {
    let appends = vec![
        Append::new(shared.clone(), Expected::Any, vec![note(stored)?]),
        Append::new(own.clone(), Expected::Exact(Version::new(stored)), vec![note(stored)?]),
    ];
    for _ in 0..TRIES {
        match store.append(appends.clone().into()).await {
            Ok(answers) => {
                let again = answers.iter().any(|answer: &Appended| answer.repeated);
                return ensure("an append that was refused as busy is accepted as new", !again, || {
                    format!("{answers:?}")
                });
            }
            Err(AppendError::Store(error)) if error.kind() == StoreErrorKind::Busy => {}
            Err(error) => return Err(error.into()),
        }
        let events: Vec<_> = store.read_stream(own, Version::FIRST, Direction::Forward, None).try_collect().await?;
        ensure_eq("an append that was refused as busy stores nothing", stored, events.len() as u64)?;
        tokio::time::sleep(PAUSE).await;
    }
    Err(BrokenPromise::new(
        "an append that was refused as busy is accepted when it is sent again",
        format!("busy {TRIES} times"),
    ))
}
