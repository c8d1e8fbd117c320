//! A subscriber task: follows the log, resubscribes after an error, and records what it saw.

use std::{sync::Arc, time::Duration};

use es_core::{EventStore, Filter, Position};
use futures_util::StreamExt;
use rand::RngExt as _;

use super::{END, Plan, Seen, faulty};
use crate::BrokenPromise;

/// Follows the log to its end.
pub(super) async fn follow(plan: Arc<Plan>, number: u64) -> Result<Seen, BrokenPromise> {
    let (store, mut random) = faulty(&plan, number + 1_000);
    let filter = match random.random_range(0..4) {
        0 => Filter::all().category("torture"),
        1 => Filter::all().name("torture.a").name(END),
        _ => Filter::all(),
    };
    let after = if random.random_bool(0.5) {
        Position::START
    } else {
        tokio::time::sleep(Duration::from_micros(random.random_range(0..300_000))).await;
        plan.handles[0].frontier().await?.position()
    };
    let (mut last, mut events) = (after, Vec::new());
    'again: loop {
        let mut live = store.subscribe(last.into(), &filter);
        while let Some(event) = live.next().await {
            let Ok(event) = event else { continue 'again };
            last = event.position;
            events.push((event.position, event.id));
            if event.name == END {
                return Ok(Seen { after, filter, events });
            }
            if random.random_bool(0.001) {
                tokio::time::sleep(Duration::from_millis(random.random_range(0..20))).await;
            }
        }
    }
}
