//! Reads the rows of read models.

use bytes::Bytes;
use es_core::{Position, ReadModelId, StoredRow};
use rusqlite::{Connection, params};

use crate::{
    codec::read_models::{decode_row, number},
    error::SqliteError,
    read::{stream::PAGE_BYTES, threads::Reader},
};

const ROW: &str = "SELECT key, state, checksum FROM read_model_rows WHERE model = ?1 AND key = ?2";
const ROWS_AFTER: &str = "SELECT key, state, checksum FROM read_model_rows
    WHERE model = ?1 AND key > ?2 ORDER BY key LIMIT ?3";

/// Reads the states of the rows with these keys.
pub(crate) fn rows(
    connection: &Connection,
    model: &ReadModelId,
    keys: &[String],
) -> Result<Vec<Option<Bytes>>, SqliteError> {
    let Some(number) = number(connection, model)? else { return Ok(vec![None; keys.len()]) };
    let mut find = connection.prepare_cached(ROW)?;
    let mut in_order: Vec<_> = keys.iter().enumerate().collect();
    // In the order of the table, which is faster to read.
    in_order.sort_unstable_by_key(|(_, key)| *key);
    let mut states = vec![None; keys.len()];
    for (place, key) in in_order {
        let mut rows = find.query(params![number, key])?;
        states[place] = rows.next()?.map(|row| Ok::<_, SqliteError>(decode_row(model, row)?.state)).transpose()?;
    }
    Ok(states)
}

/// Reads at most `limit` rows whose keys are above `after`, and no more once they have the size of a page.
pub(crate) fn rows_after(
    connection: &Connection,
    model: &ReadModelId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<StoredRow>, SqliteError> {
    let Some(number) = number(connection, model)? else { return Ok(Vec::new()) };
    // No key is empty.
    let mut before = after.unwrap_or_default().to_owned();
    let mut find = connection.prepare_cached(ROWS_AFTER)?;
    let mut rows = find.query(params![number, before, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while bytes <= PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let row = decode_row(model, row)?;
        if row.key <= before {
            return Err(SqliteError::damaged(format!("the rows of read model `{model}` are not in their order")));
        }
        bytes += row.key.len() + row.state.len();
        before.clone_from(&row.key);
        page.push(row);
    }
    Ok(page)
}

/// Counts the events above `after`: positions are 1, 2, 3 ….
pub(crate) fn events_after(reader: &mut Reader, after: Position) -> Result<u64, SqliteError> {
    let (_, last) = reader.incarnation.end(&reader.connection)?;
    Ok(last.get().saturating_sub(after.get()))
}
