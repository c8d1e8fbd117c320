//! The events are in brackets, and a decision emits one of them.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events = [Opened])]
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
        Ok(Opened {})
    }
}

fn main() {}
