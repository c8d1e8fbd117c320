//! Limits: what is within them comes back, what is over them is refused before anything is written.

use std::time::Duration;

use es_core::{
    Claimed, LimitError, ReadModelError, ReadModelStep, StoredRow,
    limits::{NAME_BYTES, READ_MODEL_NAME_BYTES, ROW_BYTES},
};

use super::trial::{HOUR, Trial, model, row};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq},
};

/// An owner without a name, with one over the limit, or with a NUL is refused with a typed error, and makes no read model.
pub async fn a_bad_owner_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(Trial { subject: _subject, one, two, model: balances, .. }) = Trial::begin(factory).await? else {
        return Ok(());
    };
    for claimed in [false, true] {
        if claimed {
            one.claim(&balances, "one", Duration::ZERO).await?;
        }
        let before = one.everything().await?;
        for bad in ["", "\0", "a\0b", &"o".repeat(NAME_BYTES + 1), &"ä".repeat(NAME_BYTES / 2 + 1)] {
            let answer = two.kept()?.claim(&balances, bad, HOUR).await;
            let refused = matches!(answer, Err(ReadModelError::Limit(_)));
            let what = format!("an owner `{:.9}` of {} bytes is refused", bad.escape_debug().to_string(), bad.len());
            ensure(&what, refused, || format!("{answer:?}"))?;
        }
        ensure_eq("nothing is written", before, one.everything().await?)?;
    }
    Ok(())
}

/// A step with a row whose key is empty, too long or contains a NUL, or whose state is too long, is refused with a typed error. It
/// writes nothing of its good rows either.
pub async fn a_step_with_a_bad_row_writes_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let claim = one.advance(&one.owned(model, "one").await?, trial.step(1, &[("a", "1")])).await?;
    let before = one.everything().await?;
    let long = StoredRow::new("long", format!("\"{}\"", "s".repeat(ROW_BYTES - 1)));
    let bad = ["", "\0", "a\0b", &"k".repeat(NAME_BYTES + 1), &"ä".repeat(NAME_BYTES / 2 + 1)].map(|key| row(key, "2"));
    for bad in bad.into_iter().chain([long]) {
        let (key, bytes) = (bad.key.chars().take(9).collect::<String>(), bad.state.len());
        for place in 0..3 {
            let mut step = trial.step(2, &[("a", "2"), ("b", "2")]);
            step.rows.insert(place, bad.clone());
            let answer = two.kept()?.advance(&claim, step).await;
            let refused = matches!(
                answer,
                Err(ReadModelError::Limit(
                    LimitError::Empty { .. } | LimitError::Nul { .. } | LimitError::TooLong { .. }
                ))
            );
            ensure(&format!("a row {key:?} of {bytes} bytes is refused"), refused, || format!("{answer:?}"))?;
            ensure_eq("nothing is written", &before, &one.everything().await?)?;
        }
    }
    one.advance(&claim, trial.step(2, &[("a", "2")])).await.map(drop)
}

/// A step with two rows of one key is refused with a typed error, and writes nothing.
pub async fn a_step_with_one_key_twice_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let claim = one.advance(&one.owned(model, "one").await?, trial.step(1, &[("a", "1")])).await?;
    let before = one.everything().await?;
    let answer = two.kept()?.advance(&claim, trial.step(2, &[("b", "2"), ("a", "2"), ("b", "3")])).await;
    let refused = matches!(&answer, Err(ReadModelError::DuplicateKey { model: of, index: 2 }) if of == model);
    ensure("a step with one key twice is refused", refused, || format!("{answer:?}"))?;
    ensure_eq("nothing is written", &before, &one.everything().await?)
}

/// A step that moves the read model back is refused with a typed error, and writes nothing.
pub async fn a_step_that_moves_back_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut step = trial.step(5, &[("a", "1")]);
    step.seen = trial.at(8);
    let claim = one.advance(&one.owned(model, "one").await?, step).await?;
    let before = one.everything().await?;
    // What it has handled and seen, and from where to where that would go back.
    let bad =
        [((4, 8), (5, 4)), ((0, 8), (5, 0)), ((5, 7), (8, 7)), ((6, 5), (8, 5)), ((9, 8), (9, 8)), ((0, 0), (5, 0))];
    for ((handled, seen), expected) in bad {
        let mut step = ReadModelStep::new(trial.at(handled), trial.at(seen), es_core::ReadModelState::Live);
        (step.rows, step.lease) = (vec![row("a", "2")], Some(HOUR));
        let answer = two.kept()?.advance(&claim, step).await;
        let refused = match &answer {
            Err(ReadModelError::Backwards { model: of, from, to }) => of == model && (from.get(), to.get()) == expected,
            _ => false,
        };
        ensure(&format!("a step to {handled}, seen {seen}, is refused"), refused, || format!("{answer:?}"))?;
        ensure_eq("nothing is written", &before, &one.everything().await?)?;
    }
    Ok(())
}

/// The longest name of a read model, the longest owner, the longest key and the longest state come back.
pub async fn names_and_rows_at_the_limit_come_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    for (filler, bytes) in [("n", 1), ("🦀", 4)] {
        let name = filler.repeat(READ_MODEL_NAME_BYTES / bytes);
        let (owner, key) = (filler.repeat(NAME_BYTES / bytes), filler.repeat(NAME_BYTES / bytes));
        let state = format!("\"{}\"", "s".repeat(ROW_BYTES - 2));
        let model = model(&name, u32::MAX)?;
        let Claimed::Owned(claim) = one.claim(&model, &owner, HOUR).await? else {
            return Err(BrokenPromise::new("the longest owner can claim the longest name", "it is refused"));
        };
        one.advance(&claim, trial.step(1, &[(&key, &state)])).await?;
        ensure_eq("the owner", Some(&owner), two.status(&model).await?.owner.as_ref())?;
        let (found, page) = (two.row(&model, &key).await?, two.all_rows(&model, 10).await?);
        ensure("the state", found.as_deref() == Some(state.as_bytes()), || {
            format!("{:?}", found.map(|found| found.len()))
        })?;
        ensure("the row of a page", page == [row(&key, &state)], || format!("{} rows", page.len()))?;
    }
    Ok(())
}
