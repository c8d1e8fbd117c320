//! The domain that both sides use: a small account.

use es::prelude::*;

pub(crate) const CATEGORY: &str = "account";

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
pub(crate) struct Opened {
    pub(crate) owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
pub(crate) struct Deposited {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) partner: String,
    pub(crate) note: String,
}

impl Deposited {
    /// Returns a deposit of about 155 bytes.
    pub(crate) fn sample(amount: i64) -> Self {
        Self {
            amount,
            currency: "CZK".to_owned(),
            partner: "CZ65 0800 0000 1920 0014 5399".to_owned(),
            note: "rent of the flat in Prague, second floor, paid by standing order".to_owned(),
        }
    }
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
pub(crate) struct Account {
    pub(crate) open: bool,
    pub(crate) balance: i64,
    pub(crate) noted: usize,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }

    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
        self.noted += event.note.len();
    }
}

/// Deposits an amount.
#[derive(Clone, Debug)]
pub(crate) struct Deposit(pub(crate) i64);

impl Handle<Deposit> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Deposit) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok(Deposited::sample(command.0))
    }
}
