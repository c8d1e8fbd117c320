//! Two events whose paths end alike.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

mod card {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "card.opened")]
    pub struct Opened {
        pub number: String,
    }
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened, card::Opened))]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }
}

fn main() {}
