//! Faults of idempotency keys.

use std::{collections::HashSet, sync::Arc, time::Duration};

use es_core::{
    Append, AppendError, AppendRequest, EventStore, IdempotencyKey, KeysTaken, LimitError, TakenKey, limits,
};

use crate::{
    append::{Answer, failed},
    fault::Fault,
    store::Reads,
};

/// Appends a request that has keys.
pub(crate) async fn append(store: &Reads, request: AppendRequest) -> Answer {
    let inner = &store.inner;
    let (appends, keys) = request.clone().into_parts();
    let events = request.events().count();
    match store.fault {
        Fault::IgnoresKeys => inner.append(appends.into()).await,
        Fault::IgnoresKeysWithoutEvents if events == 0 => inner.append(appends.into()).await,
        Fault::IgnoresTheKeysOfARepeat => match inner.append(request).await {
            Err(error @ (AppendError::Conflict(_) | AppendError::KeyTaken(_))) if events > 0 => {
                let repeat = inner.append(appends.into()).await;
                if repeat.as_ref().is_ok_and(|all| all.iter().all(|one| one.repeated)) { repeat } else { Err(error) }
            }
            answer => answer,
        },
        Fault::TakesARepeatForATakenKey => match inner.append(request).await {
            Ok(answers) if answers.iter().any(|one| one.repeated) => {
                let taken = keys.iter().map(|key| TakenKey::new(key, key.digest(), key.outcome().clone()));
                Err(KeysTaken::from_all(taken).unwrap().into())
            }
            answer => answer,
        },
        Fault::GivesTheOutcomeOfNow => match inner.append(request).await {
            Err(AppendError::KeyTaken(taken)) => Err(told(&taken, &keys, |one, key| {
                let digest = if one.same_digest() { *key.digest() } else { other(key) };
                TakenKey::new(key, &digest, key.outcome().clone())
            })),
            answer => answer,
        },
        Fault::TakesEachDigestForTheSame => match inner.append(request).await {
            Err(AppendError::KeyTaken(taken)) => {
                Err(told(&taken, &keys, |one, key| TakenKey::new(key, key.digest(), one.outcome().clone())))
            }
            answer => answer,
        },
        Fault::ReportsOneTakenKey => match inner.append(request).await {
            Err(AppendError::KeyTaken(taken)) => Err(KeysTaken::new(taken.first().clone()).into()),
            answer => answer,
        },
        Fault::ConflictsBeforeItLooksAtKeys => match inner.append(request).await {
            Err(AppendError::KeyTaken(taken)) => {
                let checks = appends.into_iter().map(|append| Append::assertion(append.stream, append.expected));
                inner.append(AppendRequest::new(checks)).await.and(Err(taken.into()))
            }
            answer => answer,
        },
        Fault::TakesTheKeysOfWhatItRefuses => {
            let answer = inner.append(request).await;
            if answer.is_err() {
                for key in keys {
                    drop(inner.append(AppendRequest::default().with_key(key)).await);
                }
            }
            answer
        }
        Fault::ChecksKeysOutside => {
            let taken = keys.iter().any(|key| store.shared.keys.lock().unwrap().contains(key.key()));
            tokio::time::sleep(Duration::from_micros(100)).await;
            if taken {
                return inner.append(request).await;
            }
            store.shared.keys.lock().unwrap().extend(keys.iter().map(|key| key.key().to_owned()));
            drop(inner.append(with_keys(Vec::new(), keys)).await);
            inner.append(appends.into()).await
        }
        Fault::TakesKeysOneByOne => {
            for key in keys {
                inner.append(AppendRequest::default().with_key(key)).await?;
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            inner.append(appends.into()).await
        }
        Fault::RefusesAKeyInFlight => {
            let names: Vec<_> = keys.iter().map(|key| key.key().to_owned()).collect();
            let free = names.iter().all(|name| store.shared.keys.lock().unwrap().insert(name.clone()));
            if !free {
                return Err(AppendError::Store(failed("a request with the key is under way")));
            }
            tokio::time::sleep(Duration::from_micros(100)).await;
            let answer = inner.append(request).await;
            store.shared.keys.lock().unwrap().retain(|name| !names.contains(name));
            answer
        }
        Fault::LocksKeysInTheOrderOfTheRequest => {
            locked(store, keys.iter().map(IdempotencyKey::key), inner.append(request)).await
        }
        Fault::LocksStreamsInTheOrderOfTheRequest => {
            let streams: Vec<_> = appends.iter().map(|append| append.stream.to_string()).collect();
            locked(store, streams.iter().map(String::as_str), inner.append(request)).await
        }
        Fault::TakesAKeyTwice => {
            let mut seen = HashSet::new();
            let once = keys.into_iter().filter(|key| seen.insert(key.key().to_owned()));
            inner.append(with_keys(appends, once)).await
        }
        Fault::TakesTooManyKeys => inner.append(with_keys(appends, keys.into_iter().take(limits::KEYS))).await,
        Fault::CountsNoOutcomes => match inner.append(request).await {
            Err(AppendError::Limit(LimitError::TooLarge { .. })) => inner.append(appends.into()).await,
            answer => answer,
        },
        Fault::CutsLongKeys => {
            renamed(store, request, |key| key.char_indices().take_while(|(at, _)| *at < 255).map(|(_, c)| c).collect())
                .await
        }
        Fault::LowersKeys => renamed(store, request, str::to_lowercase).await,
        Fault::TrimsKeys => renamed(store, request, |key| key.trim().to_owned()).await,
        Fault::CutsLongOutcomes => {
            rewritten(store, request, |outcome| outcome[..outcome.len().min(1024)].to_vec()).await
        }
        Fault::TakesOutcomesForText => {
            let text = |outcome: &[u8]| String::from_utf8_lossy(outcome).bytes().take(limits::OUTCOME_BYTES).collect();
            rewritten(store, request, text).await
        }
        _ => inner.append(request).await,
    }
}

/// Awaits `answer` while it holds a lock for each of `names`, taken one after the other.
async fn locked(store: &Reads, names: impl Iterator<Item = &str>, answer: impl Future<Output = Answer>) -> Answer {
    let mut guards = Vec::new();
    for name in names {
        let lock = Arc::clone(store.shared.locks.lock().unwrap().entry(name.to_owned()).or_default());
        guards.push(lock.lock_owned().await);
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    answer.await
}

fn with_keys(appends: Vec<Append>, keys: impl IntoIterator<Item = IdempotencyKey>) -> AppendRequest {
    keys.into_iter().fold(appends.into(), AppendRequest::with_key)
}

fn other(key: &IdempotencyKey) -> [u8; 32] {
    key.digest().map(|byte| !byte)
}

/// The error in which `tell` replaces each taken key, given the key of the request.
fn told(
    taken: &KeysTaken,
    asked: &[IdempotencyKey],
    tell: impl Fn(&TakenKey, &IdempotencyKey) -> TakenKey,
) -> AppendError {
    let told = taken.keys().map(|one| tell(one, asked.iter().find(|key| key.key() == one.key()).unwrap()));
    KeysTaken::from_all(told).unwrap().into()
}

async fn renamed(store: &Reads, request: AppendRequest, name: impl Fn(&str) -> String) -> Answer {
    let (appends, keys) = request.into_parts();
    let renamed = |key: &IdempotencyKey| IdempotencyKey::new(name(key.key()), *key.digest(), key.outcome().clone());
    let keys = keys.iter().map(renamed).collect::<Result<Vec<_>, _>>()?;
    store.inner.append(with_keys(appends, keys)).await
}

async fn rewritten(store: &Reads, request: AppendRequest, outcome: impl Fn(&[u8]) -> Vec<u8>) -> Answer {
    let (appends, keys) = request.into_parts();
    let rewritten = |key: &IdempotencyKey| IdempotencyKey::new(key.key(), *key.digest(), outcome(key.outcome()));
    let keys = keys.iter().map(rewritten).collect::<Result<Vec<_>, _>>()?;
    store.inner.append(with_keys(appends, keys)).await
}
