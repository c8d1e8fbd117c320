use es::prelude::*;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
pub struct Opened { pub owner: String }

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
pub struct Deposited { pub amount: u64 }

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawn")]
pub struct Withdrawn { pub amount: u64 }

#[derive(Clone)] pub struct Open { pub owner: String }
#[derive(Clone)] pub struct Deposit { pub amount: u64 }
#[derive(Clone)] pub struct Withdraw { pub amount: u64 }

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the account is not open")]
    NotOpen,
    #[error("there is only {balance}")]
    Insufficient { balance: u64 },
}

#[derive(Aggregate, Default, Clone, Debug)]
#[aggregate(category = "account", id = String, events(Opened, Deposited, Withdrawn))]
pub struct Account { pub open: bool, pub balance: u64 }

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) { self.open = true; }
    fn deposited(&mut self, event: Deposited) { self.balance += event.amount; }
    fn withdrawn(&mut self, event: Withdrawn) { self.balance -= event.amount; }
}

impl Handle<Open> for Account {
    type Error = Refusal;
    fn handle(&self, Open { owner }: Open) -> Result<impl IntoEvents<Self>, Refusal> {
        Ok((!self.open).then_some(Opened { owner })) // Again: nothing happens.
    }
}

impl Handle<Deposit> for Account {
    type Error = Refusal;
    fn handle(&self, Deposit { amount }: Deposit) -> Result<impl IntoEvents<Self>, Refusal> {
        if self.open { Ok(Deposited { amount }) } else { Err(Refusal::NotOpen) }
    }
}

impl Handle<Withdraw> for Account {
    type Error = Refusal;
    fn handle(&self, Withdraw { amount }: Withdraw) -> Result<impl IntoEvents<Self>, Refusal> {
        if !self.open {
            return Err(Refusal::NotOpen);
        }
        if amount > self.balance {
            return Err(Refusal::Insufficient { balance: self.balance });
        }
        Ok(Withdrawn { amount })
    }
}
