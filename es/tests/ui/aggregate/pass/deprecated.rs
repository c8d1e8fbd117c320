//! Events and aggregates that are deprecated: who names them is warned, and generated code names them in silence.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(
    clippy::redundant_pub_crate,
    clippy::needless_arbitrary_self_type,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_ref_mut,
    clippy::wrong_self_convention,
    reason = "what the user wrote is not on trial"
)]

#[allow(deprecated, reason = "it is named here on purpose")]
mod events {
    use es::Event;
    use serde::{Deserialize, Serialize};

    #[deprecated]
    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub(crate) struct Opened {
        pub(crate) owner: String,
    }

    #[deprecated]
    #[derive(Event, Clone, Debug, Serialize, Deserialize)]
    #[event(name = "account.greeted")]
    pub(crate) struct Greeted;

    impl es::Retired<super::Account> for Greeted {
        fn successors(self) -> impl es::IntoEvents<super::Account> {}
    }
}

#[allow(deprecated, reason = "it is named here on purpose")]
use events::{Greeted, Opened};

#[deprecated = "nobody opens accounts any more"]
#[derive(es::Aggregate, Default)]
#[aggregate(category = "account", id = u64, events(Opened), retired(Greeted))]
pub(crate) struct Account {
    owner: String,
}

#[allow(deprecated, reason = "it is named here on purpose")]
#[es::apply]
impl Account {
    fn opened(&mut self, event: Opened) {
        self.owner = event.owner;
    }
}

#[allow(deprecated, reason = "it is named here on purpose")]
#[derive(es::EventSet, Debug, PartialEq)]
#[event_set(of(Account))]
pub(crate) enum Feed {
    Opened(Opened),
}

#[allow(deprecated, reason = "it is named here on purpose")]
pub(crate) fn main() {
    let mut account = <Account as es::Aggregate>::initial();
    es::Aggregate::apply_event(&mut account, Opened { owner: "Ada".into() }.into());
    assert_eq!(account.owner, "Ada");
    assert_eq!(<Feed as es::EventSet>::NAMES, ["account.opened"]);
}
