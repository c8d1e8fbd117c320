//! An aggregate with a type parameter, and its block with the same.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Opened))]
struct Account<T> {
    open: Option<T>,
}

#[es::apply]
impl<T> Account<T> {
    fn opened(&mut self, _: Opened) {
        self.open = None;
    }
}

fn main() {}
