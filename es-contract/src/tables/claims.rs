//! Claims: who makes the tables, and when.

use es_core::{Claimed, EventStore, LimitError, ReadModelId, ReadModelRequest, Transactions, WorkError};

use super::{
    TableFactory,
    trial::Trial,
    work::{Part, add, set_up},
};
use crate::{BrokenPromise, promises::ensure};

/// The first claim makes the tables; later ones leave them as they are.
pub async fn the_first_claim_sets_up_the_place(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let model = &trial.model;
    ensure("there is no table before", trial.table(model).await?.is_none(), || "a table".into())?;
    let claim = trial.owned(model, "one").await?;
    trial.holds(model, &[]).await?;
    trial.done(&claim, vec![add("a", 1)]).await?;
    // The table would be there already.
    trial.owned(model, "one").await?;
    trial.holds(model, &[("a", 1)]).await
}

/// A claim that is refused changes no table, also while nothing was handled.
pub async fn a_claim_that_is_refused_makes_no_tables(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    trial.owned(&trial.model, "one").await?;
    let parts = vec![Part::Executes("INSERT INTO {numbers} (key, number) VALUES ('b', 2)".into())];
    let claimed = trial.claim_with(&trial.model, "two", parts).await?;
    let refused = matches!(&claimed, Claimed::Refused(status) if status.owner.as_deref() == Some("one"));
    ensure("a second owner is refused", refused, || format!("{claimed:?}"))?;
    trial.holds(&trial.model, &[]).await
}

/// A claim whose set-up fails leaves neither tables nor a read model, and can be made again.
pub async fn a_claim_whose_set_up_fails_leaves_nothing(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let mistakes = [Part::Fails, Part::Ignores("INSERT INTO {nowhere} (key) VALUES ('a')".into()), Part::TakesLong];
    for mistake in mistakes {
        let mut parts = set_up();
        parts.push(mistake);
        let result = trial.claim_with(&trial.model, "one", parts).await;
        ensure("the set-up fails", matches!(result, Err(WorkError::Part { .. })), || format!("{result:?}"))?;
        ensure("no table is left", trial.table(&trial.model).await?.is_none(), || "a table".into())?;
        let status = trial.status(&trial.model).await?;
        ensure("no read model is left", status.is_none(), || format!("{status:?}"))?;
    }
    trial.owned(&trial.model, "one").await?;
    trial.holds(&trial.model, &[]).await
}

/// After a rebuild was asked for, the next claim makes the tables of this read model anew, and no others.
pub async fn a_rebuild_empties_the_place_and_sets_it_up_again(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let (model, other) = (&trial.model, ReadModelId::new("numbers", 11)?);
    let claim = trial.done(&trial.owned(model, "one").await?, vec![add("a", 1)]).await?;
    trial.done(&trial.owned(&other, "one").await?, vec![add("b", 2)]).await?;
    let table = trial.store.table(model, "numbers")?;
    trial.factory.execute_outside(&trial.store, &format!("ALTER TABLE {table} ADD COLUMN more TEXT")).await?;
    let none = || BrokenPromise::new("a store with transactions keeps read models", "none");
    trial.store.read_models().ok_or_else(none)?.ask(model, ReadModelRequest::Rebuild).await?;
    trial.fenced("a step of the claim before", &claim, vec![add("a", 1)]).await?;
    let claim = trial.owned(model, "two").await?;
    trial.holds(model, &[]).await?;
    // Once more before anything was handled.
    let again = trial.owned(model, "two").await?;
    ensure("the epoch rises", again.epoch > claim.epoch, || format!("{} after {}", again.epoch, claim.epoch))?;
    trial.done(&again, vec![add("c", 3)]).await?;
    trial.holds(model, &[("c", 3)]).await?;
    trial.holds(&other, &[("b", 2)]).await
}

/// Tables of different versions and names do not mix; a name that the store could not tell apart is refused.
pub async fn versions_and_names_have_places_of_their_own(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let mut places = Vec::new();
    for (name, version) in [
        ("numbers", 1),
        ("numbers", 2),
        ("numbers", 12),
        ("Numbers", 1),
        ("num-bers.v", 1),
        ("numbers_v1", 2),
        ("n\"é'", 1),
    ] {
        let model = ReadModelId::new(name, version)?;
        match trial.store.table(&model, "numbers") {
            Ok(_) => places.push(model),
            Err(LimitError::TableName) => {
                let claimed = trial.claim_with(&model, "one", set_up()).await;
                ensure("a name without a table cannot be claimed", claimed.is_err(), || format!("{claimed:?}"))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    ensure("words have places", places.len() >= 4, || format!("{places:?}"))?;
    for (number, model) in (1..).zip(&places) {
        trial.done(&trial.owned(model, "one").await?, vec![add("a", number)]).await?;
    }
    for (number, model) in (1..).zip(&places) {
        trial.holds(model, &[("a", number)]).await?;
    }
    Ok(())
}

/// What somebody else made in the place is neither removed nor used.
pub async fn tables_of_others_are_left_as_they_are(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let theirs = trial.factory.of_others(&trial.store, &trial.model);
    trial.factory.execute_outside(&trial.store, &theirs).await?;
    let claimed = trial.claim_with(&trial.model, "one", set_up()).await;
    ensure("the claim fails", matches!(claimed, Err(WorkError::Store(_))), || format!("{claimed:?}"))?;
    let status = trial.status(&trial.model).await?;
    ensure("no read model is made", status.is_none(), || format!("{status:?}"))?;
    let again = trial.factory.execute_outside(&trial.store, &theirs).await;
    ensure("it is still there, so it cannot be made again", again.is_err(), || "made again".into())
}
