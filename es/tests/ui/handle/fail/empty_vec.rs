//! A decision that emits nothing, by a `Vec` of an unknown type. rustc has one `E0282` for it that says nothing to the
//! purpose; the error behind it names `Events::new`.

use es::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

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

struct Open {
    owner: String,
}

impl Handle<Open> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: Open) -> Result<impl IntoEvents<Self>, Self::Error> {
        let _ = command.owner;
        Ok(vec![])
    }
}

fn main() {}
