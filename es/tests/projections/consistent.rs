//! Commands that wait until read models show what they appended.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use es::{
    Appended, AsOf, Behind, ConsistentError, ProjectedRepository, Projections, ReadModelState, WaitError, prelude::*,
};

use super::{
    LONG, TestResult,
    domain::{Account, Deposited, deposit},
    models::{Amount, Customer},
    stores,
};

const SHORT: Duration = Duration::from_millis(5);

type Accounts = ProjectedRepository<StoreRepository<Account>>;

/// Followed customers, which do not run yet, and the accounts that wait for them.
fn accounts(store: &Arc<dyn EventStore>) -> (Projections<Arc<dyn EventStore>>, Accounts) {
    let projections = store.projections().follow(Customer::default());
    let accounts = store.repository::<Account>().with_projections(&projections);
    (projections, accounts)
}

async fn paid_in(projections: &Projections<Arc<dyn EventStore>>) -> Result<u64, Box<dyn std::error::Error>> {
    Ok(projections.rows::<Customer>().get(&"ada".into()).await?.map_or(0, |ada| ada.paid_in))
}

fn ada() -> String {
    "ada".to_owned()
}

#[derive(Clone)]
struct Deposit(u64);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("nothing is no deposit")]
struct Nothing;

impl Handle<Deposit> for Account {
    type Error = Nothing;

    fn handle(&self, Deposit(amount): Deposit) -> Result<impl IntoEvents<Self>, Nothing> {
        if amount == 0 { Err(Nothing) } else { Ok(Deposited { amount }) }
    }
}

#[tokio::test]
async fn what_a_command_appended_can_be_read_after_it() -> TestResult {
    for (store, _folder) in stores().await? {
        let projections = store.projections().follow(Customer::default()).follow(Amount::default());
        let accounts = store.repository::<Account>().with_projections(&projections);
        let running = tokio::spawn(projections.run());
        let (customers, amounts) = (projections.rows::<Customer>(), projections.rows::<Amount>());
        let id = ada();
        let both = accounts.consistent_with("customers").consistent_with("amounts").within(Duration::MAX);
        for amount in 6..26 {
            let executed = both.execute(&id, Deposit(amount)).await?;
            assert_eq!(executed.events[0].event, Deposited { amount }.into());
            let paid_in = customers.get(&id).await?.map(|row| row.paid_in);
            assert_eq!(paid_in, Some((6..=amount).sum()));
            assert_eq!(amounts.get(&amount).await?, Some(Amount { count: 1 }));
        }
        projections.stop().await;
        running.await??;
    }
    Ok(())
}

#[tokio::test]
async fn a_command_waits_for_read_models_that_another_program_runs() -> TestResult {
    for (store, _folder) in stores().await? {
        let (another, _) = accounts(&store);
        tokio::spawn(another.run());
        let (projections, accounts) = accounts(&store);
        for amount in 1..=5 {
            accounts.consistent_with("customers").within(LONG).execute(&ada(), Deposit(1)).await?;
            assert_eq!(paid_in(&projections).await?, amount);
        }
        another.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_command_has_happened_when_the_read_model_is_behind() -> TestResult {
    for (store, _folder) in stores().await? {
        let (_, accounts) = accounts(&store);
        let late = accounts.consistent_with("customers").within(SHORT).execute(&ada(), Deposit(3)).await;
        let Err(ConsistentError::Late { executed, cause: WaitError::Behind(behind) }) = late else {
            return Err(format!("{late:?}").into());
        };
        let Behind { projection, wanted, within, .. } = behind;
        assert_eq!((projection, Some(wanted), within), ("customers", executed.checkpoint, SHORT));
        assert_eq!(executed.events[0].event, Deposited { amount: 3 }.into());
        assert_eq!(accounts.load(&ada()).await?.version(), Version::FIRST);
    }
    Ok(())
}

#[tokio::test]
async fn a_command_has_happened_when_the_read_model_is_paused_and_says_so_at_once() -> TestResult {
    for (store, _folder) in stores().await? {
        let (projections, accounts) = accounts(&store);
        tokio::spawn(projections.run());
        accounts.consistent_with("customers").within(LONG).execute(&ada(), Deposit(3)).await?;
        pause(&projections).await?;
        let late = accounts.consistent_with("customers").within(LONG).execute(&ada(), Deposit(4)).await;
        let Err(error) = late else { return Err("it is paused".into()) };
        assert!(!error.is_transient() && error.to_string().starts_with("the command was executed"), "{error}");
        let ConsistentError::Late { executed, cause: WaitError::Paused { projection: "customers" } } = error else {
            return Err(format!("{error:?}").into());
        };
        assert_eq!((executed.root.version().get(), paid_in(&projections).await?), (2, 3));
        projections.stop().await;
    }
    Ok(())
}

/// Pauses the customers, and waits until this program knows it.
async fn pause(projections: &Projections<Arc<dyn EventStore>>) -> TestResult {
    projections.pause("customers").await?;
    while projections.status().await?[0].state != ReadModelState::Paused {
        tokio::time::sleep(SHORT).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_command_that_appends_nothing_waits_for_what_it_was_decided_on() -> TestResult {
    for (store, _folder) in stores().await? {
        let (projections, accounts) = accounts(&store);
        tokio::spawn(projections.run());
        deposit(&store, "ada", 3).await?;
        let nothing = accounts.consistent_with("customers").within(LONG).update(&ada(), |_| ()).await?;
        assert_eq!((nothing.checkpoint, paid_in(&projections).await?), (None, 3));

        pause(&projections).await?;
        let last = deposit(&store, "ada", 4).await?;
        let late = accounts.consistent_with("customers").within(LONG).update(&ada(), |_| ()).await;
        assert!(matches!(late, Err(ConsistentError::Late { cause: WaitError::Paused { .. }, .. })), "{late:?}");
        // Nobody has anything to wait for if there is no account.
        accounts.consistent_with("customers").within(LONG).update(&"eve".into(), |_| ()).await?;

        projections.resume("customers").await?;
        projections.wait_for(&["customers"], last, LONG).await?;
        accounts.consistent_with("customers").within(LONG).update(&ada(), |_| ()).await?;
        assert_eq!(paid_in(&projections).await?, 7);
        projections.stop().await;
    }
    Ok(())
}

/// A repository that keeps an aggregate in memory.
struct Kept(Mutex<Option<Root<Account>>>);

#[async_trait]
impl Repository<Account> for Kept {
    async fn load(&self, id: &String) -> Result<Root<Account>, LoadError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(kept.map_or_else(|| Root::new(id.clone()), Ok)?)
    }

    async fn load_at(&self, id: &String, _: AsOf) -> Result<Root<Account>, LoadError> {
        self.load(id).await
    }

    async fn append(&self, root: &mut Root<Account>) -> Result<Appended, AppendError> {
        Ok(Appended::assertion(root.stream().clone(), root.version()))
    }
}

#[tokio::test]
async fn a_root_that_was_not_loaded_again_is_waited_for_too() -> TestResult {
    for (store, _folder) in stores().await? {
        let (projections, accounts) = accounts(&store);
        let appended = accounts.update(&ada(), |_| Deposited { amount: 3 }).await?;
        let (wanted, kept) = (appended.checkpoint, Kept(Mutex::new(Some(appended.root))));
        let kept: Arc<dyn Repository<Account>> = Arc::new(kept);
        let kept = kept.with_projections(&projections);
        let late = kept.consistent_with("customers").within(SHORT).update(&ada(), |_| ()).await;
        let Err(ConsistentError::Late { cause: WaitError::Behind(behind), .. }) = late else {
            return Err(format!("{late:?}").into());
        };
        assert_eq!(Some(behind.wanted.position()), wanted.map(es::Checkpoint::position));
    }
    Ok(())
}

#[tokio::test]
async fn a_name_that_is_not_followed_is_refused_before_anything_happens() -> TestResult {
    for (store, _folder) in stores().await? {
        let (_, accounts) = accounts(&store);
        let both = accounts.consistent_with("customers").consistent_with("custommers");
        let refused = both.execute(&ada(), Deposit(3)).await;
        assert!(
            matches!(&refused, Err(ConsistentError::Unknown { projection }) if projection == "custommers"),
            "{refused:?}"
        );
        assert!(!accounts.load(&ada()).await?.exists());
    }
    Ok(())
}

#[tokio::test]
async fn a_command_that_is_refused_waits_for_nothing() -> TestResult {
    for (store, _folder) in stores().await? {
        let (_, accounts) = accounts(&store);
        let consistent = accounts.consistent_with("customers").within(Duration::MAX);
        let refused = consistent.execute(&ada(), Deposit(0)).await;
        assert!(
            matches!(refused, Err(ConsistentError::Execute(ExecuteError::Refused(Nothing)))),
            "nobody runs the projection: {refused:?}"
        );
        let refused = consistent.try_update(&ada(), |_| Err::<(), _>(Nothing)).await;
        assert!(matches!(refused, Err(ConsistentError::Execute(ExecuteError::Refused(Nothing)))), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn metadata_and_plain_commands_are_those_of_the_repository() -> TestResult {
    for (store, _folder) in stores().await? {
        let (projections, accounts) = accounts(&store);
        tokio::spawn(projections.run());
        let by_eve =
            accounts.with_metadata(Metadata::new().with_actor("eve")).consistent_with("customers").within(LONG);
        let executed = by_eve.clone().execute(&ada(), Deposit(3)).await?;
        assert_eq!(executed.events[0].metadata, Metadata::new().with_actor("eve"));
        let plain = accounts.clone().execute(&ada(), Deposit(4)).await?;
        assert_eq!((plain.root.version().get(), plain.events[0].metadata.clone()), (2, Metadata::default()));
        assert_eq!(accounts.load_at(&ada(), AsOf::Version(Version::FIRST)).await?.version(), Version::FIRST);
        projections.stop().await;
    }
    Ok(())
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn a_command_whose_answer_was_lost_is_settled_and_then_read() -> TestResult {
    for (store, _folder) in stores().await? {
        let (projections, accounts) = accounts(&store);
        tokio::spawn(projections.run());
        let unsure = Arc::new(es::testing::FaultyStore::new(Arc::clone(&store), 1).lost_answers(1.0));
        let unsure = unsure.repository::<Account>().with_projections(&projections);
        let (id, once) = (ada(), unsure.with_settle_timeout(Duration::ZERO));
        let lost = once.consistent_with("customers").execute(&id, Deposit(3));
        let Err(ConsistentError::Execute(ExecuteError::Unknown(unsettled))) = lost.await else {
            return Err("its answer was lost".into());
        };
        let settled = accounts.consistent_with("customers").within(LONG).settle(unsettled).await?;
        assert_eq!((settled.repeated, paid_in(&projections).await?), (true, 3));
        projections.stop().await;
    }
    Ok(())
}
