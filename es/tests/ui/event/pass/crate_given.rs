//! The path of the crate, said by hand.

mod deep {
    pub mod inside {
        pub use es as renamed;
    }
}

use serde::{Deserialize, Serialize};

#[derive(deep::inside::renamed::Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2, crate = crate::deep::inside::renamed)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = 7))]
    limit: u32,
}

fn main() {
    use es::Event;
    let opened = Opened::decode(es::SchemaVersion::FIRST, br#"{"owner":"x"}"#).unwrap();
    assert_eq!((opened.owner.as_str(), opened.limit), ("x", 7));
}
