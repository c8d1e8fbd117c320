//! Parts: what goes wrong in one is its failure, and nothing is kept by halves.

use es_core::{EventStore, Position};

use super::{
    TableFactory,
    trial::Trial,
    work::{Part, add},
};
use crate::{BrokenPromise, promises::ensure};

/// A part that gives an error fails, whichever it is.
pub async fn a_part_that_fails_leaves_nothing_and_is_told(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let claim = trial.done(&trial.owned(&trial.model, "one").await?, vec![add("a", 1)]).await?;
    for index in 0..3 {
        let mut parts = vec![add("a", 10), add("b", 10), add("c", 10)];
        parts[index] = Part::Fails;
        let error = trial.fails(&claim, parts.clone(), index).await?;
        ensure("the error of the part is told", error.contains("on purpose"), || error.clone())?;
        parts[index] = Part::Executes("INSERT INTO {nowhere} (key) VALUES ('a')".into());
        let error = trial.fails(&claim, parts, index).await?;
        ensure("the error of the database is told", error.contains("nowhere"), || error.clone())?;
    }
    trial.fails(&claim, vec![add("a", 10), Part::Panics], 1).await?;
    trial.done(&claim, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 2)]).await
}

/// A part that ignores an error of the database fails all the same.
pub async fn a_part_that_ignores_an_error_fails(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let claim = trial.done(&trial.owned(&trial.model, "one").await?, vec![add("a", 1)]).await?;
    for sql in ["INSERT INTO {nowhere} (key) VALUES ('a')", "INSERT INTO {numbers} VALUES ('a', 2)", "nonsense"] {
        for behind in [vec![], vec![add("b", 1)]] {
            let mut parts = vec![add("a", 10), Part::Ignores(sql.into())];
            parts.extend(behind);
            trial.fails(&claim, parts, 1).await?;
        }
    }
    trial.done(&claim, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 2)]).await
}

/// A part that takes longer than it may fails.
pub async fn a_part_that_takes_too_long_fails(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let claim = trial.owned(&trial.model, "one").await?;
    let error = trial.fails(&claim, vec![add("a", 1), Part::TakesLong], 1).await?;
    ensure("the error tells the time", error.contains("100ms"), || error.clone())?;
    trial.done(&claim, vec![add("a", 1)]).await.map(drop)
}

/// A part cannot end the transaction, whether or not it tells the error.
pub async fn a_part_cannot_end_the_transaction(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let claim = trial.done(&trial.owned(&trial.model, "one").await?, vec![add("a", 1)]).await?;
    for sql in trial.factory.ending() {
        for part in [Part::Executes((*sql).into()), Part::Ignores((*sql).into())] {
            trial.fails(&claim, vec![add("a", 10), part, add("b", 10)], 1).await?;
        }
    }
    trial.done(&claim, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 2)]).await
}

/// A part cannot change the log, nor what else the store keeps.
pub async fn a_part_cannot_reach_the_log(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    super::work::append(&trial.store).await.map_err(|error| BrokenPromise::new("an append", error.to_string()))?;
    let claim = trial.done(&trial.owned(&trial.model, "one").await?, vec![add("a", 1)]).await?;
    let statements = trial.factory.out_of_reach(&trial.store).await?;
    ensure("some statements are tried", !statements.is_empty(), || "none".into())?;
    for sql in statements {
        trial.fails(&claim, vec![add("a", 10), Part::Executes(sql)], 1).await?;
    }
    trial.done(&claim, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 2)]).await
}

/// A part cannot append to its own store: its error is typed, and nothing is appended.
pub async fn a_part_cannot_append_to_its_own_store(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let claim = trial.owned(&trial.model, "one").await?;
    let error = trial.fails(&claim, vec![add("a", 1), Part::Appends], 1).await?;
    ensure("the error says why", error.contains("a projection cannot append"), || error.clone())?;
    let end = trial.store.frontier().await?;
    ensure("nothing is appended", end.position() == Position::START, || format!("{end}"))?;
    super::work::append(&trial.store).await.map_err(|error| BrokenPromise::new("a later append", error.to_string()))
}
