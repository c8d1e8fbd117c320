//! Tables: methods with `&self` and a target.

use std::{collections::BTreeMap, future::ready};

use es::{EventBatch, Fault, Projection, ReadError, prelude::*};

use super::{
    TestResult,
    domain::{Account, Deposited, Opened, after, fill},
    stores,
};

type Table = BTreeMap<String, u64>;

struct Written;

#[es::project(name = "written", version = 2, every(Account))]
impl Written {
    async fn opened(&self, event: Recorded<Opened>, target: &mut Table) -> Result<(), Fault> {
        ready(()).await;
        target.insert(event.stream.id().to_owned(), 0);
        Ok(())
    }

    fn deposited(&self, event: Recorded<&Deposited>, target: &mut Table) -> Result<(), Fault> {
        *target.get_mut(event.stream.id()).ok_or("it is not open")? += event.event.amount;
        Ok(())
    }
}

/// Takes whole batches.
#[derive(Default)]
struct Batched;

#[es::project(name = "batched", of(Account), order = global)]
impl Batched {
    async fn deposited(&self, _: Deposited, _: &mut Vec<u64>) {}

    #[batch]
    async fn many(&self, batch: &mut EventBatch<BatchedEvent>, target: &mut Vec<u64>) -> Result<(), ReadError> {
        while let Some(event) = batch.try_next()? {
            ready(()).await;
            let BatchedEvent::Deposited(Deposited { amount }) = event.event;
            target.push(amount);
        }
        Ok(())
    }
}

/// Hands the whole log to `projection`, as a runner does.
async fn run<P: Projection>(
    store: &dyn EventStore,
    projection: &P,
    target: &mut P::Target,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stored = store.stored_events().filter(&es::Filter::events::<P::Events>()).read().try_collect().await?;
    projection.handle_batch(&mut EventBatch::new(stored), target).await
}

/// Compiles if a runner may run it on any thread.
fn is_send<T: Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn each_event_goes_to_its_method_with_the_target() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let mut table = Table::new();
        is_send(run(&store, &Written, &mut table)).await.map_err(|error| error.to_string())?;
        assert_eq!(table, [("ada".to_owned(), 15), ("eve".to_owned(), 7)].into());
    }
    assert_eq!((Written::NAME, Written::VERSION, Written::GLOBAL_ORDER), ("written", 2, false));
    Ok(())
}

#[tokio::test]
async fn a_batch_goes_to_the_method_for_batches() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let mut amounts = Vec::new();
        run(&store, &Batched, &mut amounts).await.map_err(|error| error.to_string())?;
        assert_eq!(amounts, [5, 7, 10]);
    }
    assert_eq!((Batched::NAME, Batched::VERSION, Batched::GLOBAL_ORDER), ("batched", 1, true));
    Ok(())
}

#[tokio::test]
async fn a_batch_knows_the_event_to_blame_and_can_begin_again() -> TestResult {
    for (store, _folder) in stores().await? {
        fill(&store).await?;
        let stored: Vec<_> = store.stored_events().category("account").read().try_collect().await?;
        let positions: Vec<_> = stored.iter().map(|event| event.position).collect();
        let mut batch = EventBatch::<WrittenEvent>::new(stored);
        let mut first = Table::new();
        assert!(batch.at().is_none());
        let Some(WrittenEvent::Opened(_)) = batch.try_next()?.map(|event| event.event) else {
            return Err("the first event".into());
        };
        assert_eq!(batch.at().map(|event| event.position), Some(positions[0]));
        batch.rewind();
        Written.handle_batch(&mut batch, &mut first).await.map_err(|error| error.to_string())?;
        assert_eq!(first.get("ada"), Some(&15));
        assert_eq!(batch.stored().len(), 5);
        assert!(batch.try_next()?.is_none());

        // The second event is handled before it is possible: the account is not in the table.
        batch.rewind();
        drop(batch.try_next()?);
        let failed = Written.handle_batch(&mut batch, &mut Table::new()).await;
        assert_eq!(failed.map_err(|error| error.to_string()), Err("it is not open".to_owned()));
        assert_eq!(batch.at().map(|event| event.position), Some(positions[1]));
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_does_not_decode_is_the_one_to_blame() -> TestResult {
    for (store, _folder) in stores().await? {
        let newer = store.repository::<after::Account>();
        newer.update(&"zoe".into(), |_| after::Deposited { amount: 1, note: "x".into() }).await?;
        let stored: Vec<_> = store.stored_events().read().try_collect().await?;
        let mut batch = EventBatch::<WrittenEvent>::new(stored);
        assert!(matches!(batch.try_next(), Err(ReadError::Decode { .. })));
        assert_eq!(batch.at().map(|event| event.stream.id()), Some("zoe"));
    }
    Ok(())
}
