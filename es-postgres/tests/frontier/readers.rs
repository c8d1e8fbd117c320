//! A reader that computes the frontier step by step, in the correct order or in a wrong one.

use std::{collections::BTreeSet, time::Duration};

use tokio_postgres::{Client, GenericClient, IsolationLevel, Row};

use crate::writers::connect;

const HIGH: &str = "SELECT es.drawn()";
const LOW: &str = "SELECT coalesce(min(low), 9223372036854775807) FROM es.es_in_flight";
const FRONTIER: &str = "SELECT es.frontier()";
const READ: &str = "SELECT position FROM es.events WHERE position > $1 AND position <= $2 ORDER BY position";
const PAUSE: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Correct,
    /// Calls the database's function, as stores do.
    Function,
    OneStatement,
    LocksFirst,
    RepeatableRead,
    NoFrontier,
}

pub(crate) struct Reader {
    client: Client,
    reading: Reading,
    cursor: i64,
    delivered: BTreeSet<i64>,
}

impl Reader {
    pub(crate) async fn start(url: &str, reading: Reading) -> Self {
        Self { client: connect(url).await, reading, cursor: 0, delivered: BTreeSet::new() }
    }

    pub(crate) fn delivered(&self) -> usize {
        self.delivered.len()
    }

    /// Reads the events up to the frontier.
    pub(crate) async fn read(&mut self) {
        let cursor = self.cursor;
        let positions = match self.reading {
            Reading::Correct => {
                let high = number(&self.client, HIGH).await;
                tokio::time::sleep(PAUSE).await;
                let low = number(&self.client, LOW).await;
                tokio::time::sleep(PAUSE).await;
                read(&self.client, cursor, high.min(low)).await
            }
            Reading::Function => {
                let frontier = number(&self.client, FRONTIER).await;
                tokio::time::sleep(PAUSE).await;
                read(&self.client, cursor, frontier).await
            }
            Reading::LocksFirst => {
                let low = number(&self.client, LOW).await;
                tokio::time::sleep(PAUSE * 3).await;
                let high = number(&self.client, HIGH).await;
                read(&self.client, cursor, high.min(low)).await
            }
            Reading::RepeatableRead => {
                let level = IsolationLevel::RepeatableRead;
                let transaction = self.client.build_transaction().isolation_level(level).start().await.unwrap();
                number(&transaction, "SELECT count(*) FROM es.migrations").await;
                tokio::time::sleep(PAUSE).await;
                let high = number(&transaction, HIGH).await;
                let low = number(&transaction, LOW).await;
                read(&transaction, cursor, high.min(low)).await
            }
            Reading::OneStatement => {
                let sql = "WITH f AS MATERIALIZED (SELECT es.slow_frontier() AS f) \
                           SELECT position FROM f, es.events WHERE position > $1 AND position <= f ORDER BY position";
                positions(&self.client.query(sql, &[&cursor]).await.unwrap())
            }
            Reading::NoFrontier => read(&self.client, cursor, i64::MAX).await,
        };
        self.cursor = positions.last().copied().unwrap_or(cursor);
        self.delivered.extend(positions);
    }

    /// The visible positions up to the cursor that were not delivered.
    pub(crate) async fn skipped(&self) -> BTreeSet<i64> {
        let visible: BTreeSet<i64> = read(&self.client, 0, self.cursor).await.into_iter().collect();
        visible.difference(&self.delivered).copied().collect()
    }
}

async fn number(client: &impl GenericClient, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn read(client: &impl GenericClient, after: i64, until: i64) -> Vec<i64> {
    positions(&client.query(READ, &[&after, &until]).await.unwrap())
}

fn positions(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.get(0)).collect()
}
