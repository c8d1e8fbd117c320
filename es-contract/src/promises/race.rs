//! Races two processes for a write skew.

use std::{sync::Arc, time::Duration};

use es_core::{Append, AppendError, EventStore, Expected, NewEvent, StreamId, Version};
use futures_util::TryStreamExt;

use super::{Subject, ensure, ensure_eq, note, subject};
use crate::{
    BrokenPromise, Factory,
    contract::child::{Task, run},
};

/// Races a child process for `rounds`: in each round, both append to their own stream and assert the other's.
pub(crate) async fn race(factory: &dyn Factory, rounds: u64) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let Some(address) = subject.fresh.address() else {
        return Err(BrokenPromise::new(
            "a store for several processes can be joined",
            "no address; implement `FreshStore::address` and `Factory::join`",
        ));
    };
    let child = run(Task::Race { rounds, address });
    let (child, won) = tokio::join!(child, rounds_of(&subject.store, rounds, ["parent", "child"]));
    child?;
    let won = won?;
    for round in 0..rounds {
        let theirs = subject.events(&stream("child", round)?).await?.len();
        let ours = subject.events(&stream("parent", round)?).await?.len();
        ensure_eq("of two processes exactly one wins", 1, ours + theirs)?;
        ensure(
            "a process that got an acknowledgement has its event stored",
            won.contains(&round) == (ours == 1),
            || format!("round {round}"),
        )?;
    }
    Ok(())
}

/// The side of the child process.
pub(crate) async fn race_as_child(factory: &dyn Factory, rounds: u64, address: &str) -> Result<(), BrokenPromise> {
    let store = factory.join(address).await?;
    rounds_of(&store, rounds, ["child", "parent"]).await.map(drop)
}

/// Runs the rounds, and gives those that `us` won.
async fn rounds_of(store: &Arc<dyn EventStore>, rounds: u64, [us, them]: [&str; 2]) -> Result<Vec<u64>, BrokenPromise> {
    let mut won = Vec::new();
    for round in 0..rounds {
        let (our_sign, their_sign) = (stream(&format!("{us}-ready"), 0)?, stream(&format!("{them}-ready"), 0)?);
        subject::append(store, &our_sign, Expected::Any, vec![note(round)?]).await?;
        let there = async {
            let sign = Version::new(round + 1);
            while store.read_stream(&their_sign, sign, es_core::Direction::Forward, Some(1)).try_next().await?.is_none()
            {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            Ok::<_, BrokenPromise>(())
        };
        let reached = tokio::time::timeout(Duration::from_secs(30), there).await;
        reached.map_err(|_| {
            BrokenPromise::new("the other process reaches the round", format!("not in round {round}"))
        })??;
        let (ours, theirs) = (stream(us, round)?, stream(them, round)?);
        match store.append(crossed(&ours, &theirs, false)?.into()).await {
            Ok(_) => won.push(round),
            Err(AppendError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(won)
}

fn stream(side: &str, round: u64) -> Result<StreamId, BrokenPromise> {
    Ok(StreamId::new("race", format!("{side}-{round}"))?)
}

/// An append to `stream` that asserts that `other` is unchanged.
pub(crate) fn crossed(stream: &StreamId, other: &StreamId, existing: bool) -> Result<Vec<Append>, BrokenPromise> {
    let expected = Expected::Exact(Version::new(existing.into()));
    let events: Vec<NewEvent> = vec![note(1)?];
    Ok(vec![
        Append::new(stream.clone(), expected, events),
        Append::assertion(other.clone(), if existing { expected } else { Expected::NoStream }),
    ])
}
