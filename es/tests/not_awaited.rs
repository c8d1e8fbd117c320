//! A command that is not awaited does nothing. rustc warns of it (`ui/update/fail/not_awaited.rs`), except behind `let _ =`, where
//! clippy warns: otherwise the `#[expect]`s of this file fail.

use es::prelude::*;

#[derive(Event, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

#[derive(Clone)]
struct Open;

impl Handle<Open> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, _: Open) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok((!self.open).then_some(Opened {}))
    }
}

macro_rules! unheard {
    ($name:ident, $repository:ident, $id:ident: $call:expr) => {
        #[expect(clippy::let_underscore_future, reason = "clippy must warn about a future that is not awaited")]
        fn $name($repository: &dyn Repository<Account>, $id: &String) {
            let _ = $call;
        }
    };
}
unheard!(execute, accounts, id: accounts.execute(id, Open));
unheard!(update, accounts, id: accounts.update(id, |_| Opened {}));
unheard!(try_update, accounts, id: accounts.try_update(id, |_| Err::<(), _>(1)));
unheard!(with_metadata, accounts, id: accounts.with_metadata(Metadata::new()).execute(id, Open));
unheard!(load, accounts, id: accounts.load(id));

#[tokio::test]
async fn a_command_that_is_not_awaited_does_nothing() -> Result<(), Box<dyn std::error::Error>> {
    let store = es::connect("memory:").await?;
    let accounts = store.repository::<Account>();
    let id = "1".to_owned();
    for unheard in [execute, update, try_update, with_metadata, load] {
        unheard(&accounts, &id);
    }
    assert!(!accounts.load(&id).await?.open);
    Ok(())
}
