//! A type that decides and applies, without `derive(Aggregate)`: one error for the block of `#[es::apply]`, and rustc's own
//! for the `Handle`.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.closed")]
struct Closed {}

#[derive(Default)]
struct Account {
    open: bool,
}

#[es::apply]
impl Account {
    fn opened(&mut self, _: Opened) {
        self.open = true;
    }

    fn closed(&mut self, _: Closed) {
        self.open = false;
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
