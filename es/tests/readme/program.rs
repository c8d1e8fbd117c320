use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited { amount: u64 }

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.withdrawn")]
struct Withdrawn { amount: u64 }

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited, Withdrawn))]
struct Account { balance: u64 }

#[es::apply]
impl Account {
    fn deposited(&mut self, event: Deposited) { self.balance += event.amount; }
    fn withdrawn(&mut self, event: Withdrawn) { self.balance -= event.amount; }
}

#[derive(Clone)] struct Withdraw(u64);
#[derive(Debug, thiserror::Error)] #[error("there is only {0}")] struct Insufficient(u64);

impl Handle<Withdraw> for Account {
    type Error = Insufficient;
    fn handle(&self, Withdraw(amount): Withdraw) -> Result<impl IntoEvents<Self>, Insufficient> {
        if amount > self.balance { Err(Insufficient(self.balance)) } else { Ok(Withdrawn { amount }) }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = es::connect("sqlite:bank.db").await?; // or memory:, or postgres://localhost/bank
    let accounts = store.repository::<Account>();
    accounts.update(&"4711".into(), |_| Deposited { amount: 100 }).await?;
    let done = accounts.execute(&"4711".into(), Withdraw(30)).await?;
    println!("{} at version {}", done.root.balance, done.root.version());
    Ok(())
}
