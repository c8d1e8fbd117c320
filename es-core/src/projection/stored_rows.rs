//! The rows that a store keeps, by their keys.

use std::{
    collections::VecDeque,
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    projection::{Row, RowsError, Unsupported, keeper::read, row_order::RowOrder},
    store::{EventStore, ReadModelId, ReadModels, StoredRow},
};

/// How many rows are read at once.
const PAGE: usize = 500;
/// The rows by key that a store keeps, while [`Projections::run`](crate::Projections::run) runs in this or another program.
/// [`Projections::rows`](crate::Projections::rows) gives it.
///
/// They have the events up to a position of the log, which is soon the newest:
/// [`Projections::wait_for`](crate::Projections::wait_for) waits for one.
///
/// ```
/// # use es_core::*;
/// # async fn example<Balance: Row<Key = u64>>(store: std::sync::Arc<dyn EventStore>) -> Result<(), RowsError> {
/// let balances = store.projections().rows::<Balance>();
/// let one: Option<Balance> = balances.get(&4711).await?;
/// let several: Vec<Option<Balance>> = balances.get_many(&[1, 2, 3]).await?;
/// let mut all = balances.all();
/// while let Some((account, balance)) = all.try_next().await? {
///     println!("{account}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct StoredRows<R> {
    store: Arc<dyn EventStore>,
    /// The epoch of the read model when it was found complete last; 0 before.
    epoch: AtomicU64,
    order: RowOrder,
    row: PhantomData<fn() -> R>,
}

impl<R: Row> StoredRows<R> {
    pub(crate) fn new(store: Arc<dyn EventStore>) -> Self {
        Self { store, epoch: AtomicU64::new(0), order: RowOrder::of::<R::Key>(), row: PhantomData }
    }

    /// Gives the row with this key; `None` if there is none.
    ///
    /// # Errors
    /// [`RowsError`]; [`Building`](RowsError::Building) until the rows have been built for the first time.
    pub async fn get(&self, key: &R::Key) -> Result<Option<R>, RowsError> {
        let mut rows = self.get_many(std::slice::from_ref(key)).await?;
        Ok(rows.pop().flatten())
    }

    /// Gives the rows with these keys, in the order of the keys; `None` for each that there is not.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn get_many(&self, keys: &[R::Key]) -> Result<Vec<Option<R>>, RowsError> {
        let (read_models, model) = self.kept()?;
        let keys: Vec<_> = keys.iter().map(|key| self.order.store(key)).collect();
        loop {
            let states = read_models.rows(&model, &keys).await?;
            if self.were_complete(read_models, &model).await? {
                return states.into_iter().map(|state| Ok(state.map(|state| read(&state)).transpose()?)).collect();
            }
        }
    }

    /// Reads all rows in the order of their keys, some hundred at a time: keys that are whole numbers in the order of the
    /// numbers, all others in the order of the bytes that they print. Rows that change meanwhile may come as they were before or
    /// are afterwards.
    pub fn all(&self) -> AllRows<'_, R> {
        AllRows { rows: self, page: VecDeque::new(), after: None, ended: false }
    }

    fn kept(&self) -> Result<(&dyn ReadModels, ReadModelId), RowsError> {
        let read_models = self.store.read_models().ok_or(Unsupported {})?;
        Ok((read_models, ReadModelId::new(R::NAME, R::VERSION)?))
    }

    /// Whether the rows that were just read are those of a complete read model: nobody asked to rebuild it meanwhile. If not, they
    /// must be read again.
    ///
    /// # Errors
    /// [`RowsError::Building`].
    async fn were_complete(&self, read_models: &dyn ReadModels, model: &ReadModelId) -> Result<bool, RowsError> {
        let statuses = read_models.statuses().await?;
        let status = statuses.iter().find(|status| status.model == *model);
        match status {
            // A rebuild that began and ended while the rows were read has raised the epoch.
            Some(status) if status.complete => Ok(self.epoch.swap(status.epoch, Ordering::SeqCst) == status.epoch),
            _ => {
                let at = status.map(|status| status.seen.position()).unwrap_or_default();
                Err(RowsError::Building { projection: R::NAME, at })
            }
        }
    }
}

impl<R: Row> fmt::Debug for StoredRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRows").field("projection", &R::NAME).finish_non_exhaustive()
    }
}

/// Reads all rows in the order of their keys: what [`StoredRows::all`] gives.
#[must_use = "nothing is read until the next row is asked for"]
pub struct AllRows<'a, R: Row> {
    rows: &'a StoredRows<R>,
    page: VecDeque<StoredRow>,
    /// The last key that was read.
    after: Option<String>,
    ended: bool,
}

impl<R: Row> AllRows<'_, R> {
    /// Gives the next row with its key; `None` at the end.
    ///
    /// # Errors
    /// [`RowsError`].
    pub async fn try_next(&mut self) -> Result<Option<(R::Key, R)>, RowsError> {
        if self.page.is_empty() && !self.ended {
            let (read_models, model) = self.rows.kept()?;
            self.page = loop {
                let page = read_models.rows_after(&model, self.after.as_deref(), PAGE).await?;
                if self.rows.were_complete(read_models, &model).await? {
                    break page.into();
                }
            };
            self.ended = self.page.is_empty();
            if let Some(last) = self.page.back() {
                self.after = Some(last.key.clone());
            }
        }
        let Some(StoredRow { key, state }) = self.page.pop_front() else { return Ok(None) };
        let key = self.rows.order.read(&key).map_err(|source| RowsError::Key { projection: R::NAME, source })?;
        Ok(Some((key, read(&state)?)))
    }

    /// Collects every row.
    ///
    /// # Errors
    /// [`RowsError`].
    pub async fn try_collect<C: Default + Extend<(R::Key, R)>>(mut self) -> Result<C, RowsError> {
        let mut all = C::default();
        while let Some(row) = self.try_next().await? {
            all.extend([row]);
        }
        Ok(all)
    }
}

impl<R: Row> fmt::Debug for AllRows<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllRows").field("projection", &R::NAME).field("after", &self.after).finish_non_exhaustive()
    }
}
