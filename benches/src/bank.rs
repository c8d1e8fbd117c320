//! The domain that both sides use: a small account.

use es::prelude::*;

/// The category of accounts.
pub const CATEGORY: &str = "account";

/// An account was opened.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
pub struct Opened {
    /// Who owns it.
    pub owner: String,
}

/// An amount was paid in.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
pub struct Deposited {
    /// The amount.
    pub amount: i64,
    /// Its currency.
    pub currency: String,
    /// The account that it came from.
    pub partner: String,
    /// What it was paid for.
    pub note: String,
}

impl Deposited {
    /// Returns a deposit whose JSON has 144 bytes where the amount has one digit.
    pub fn sample(amount: i64) -> Self {
        Self {
            amount,
            currency: "CZK".to_owned(),
            partner: "CZ65 0800 0000 1920 0014 5399".to_owned(),
            note: "rent of my flat in Prague, second floor, paid by standing order".to_owned(),
        }
    }
}

/// A small account.
#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
pub struct Account {
    /// Whether it was opened.
    pub open: bool,
    /// Its balance.
    pub balance: i64,
    /// The bytes of all notes.
    pub noted: usize,
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
pub struct Deposit(pub i64);

impl Handle<Deposit> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Deposit) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok(Deposited::sample(command.0))
    }
}
