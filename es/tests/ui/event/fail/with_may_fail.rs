//! A function that may fail, in `with`.

use es::prelude::*;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    #[event(changed(in = 2, from = String, with = number))]
    limit: u32,
}

fn number(text: String) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
