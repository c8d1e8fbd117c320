//! A module in which the names of the standard library mean something else.

#![deny(warnings)]
#![allow(dead_code)]

mod domain {
    use ::es::{Aggregate, Event, EventSet, apply};
    use ::serde::{Deserialize, Serialize};

    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub struct SchemaVersion;
    pub struct DecodeError;
    pub enum Clone {}
    pub enum Debug {}
    pub enum PartialEq {}
    pub enum From {}
    pub enum Iterator {}
    pub enum Apply {}
    pub enum IntoEvents {}
    pub fn drop() {}
    mod std {}
    mod core {}
    mod es {}
    mod es_core {}
    mod serde {}
    #[allow(non_snake_case)]
    pub fn Ok() {}
    #[allow(non_snake_case)]
    pub fn Err() {}
    #[allow(non_snake_case)]
    pub fn Some() {}
    #[allow(non_upper_case_globals)]
    pub const None: () = ();

    #[derive(Event, ::core::clone::Clone, ::core::fmt::Debug, Serialize, Deserialize)]
    #[event(name = "account.opened", version = 3, alias("account_opened", up_to = 1))]
    #[event(removed(in = 3, name = "note", type = ::core::option::Option<u8>))]
    pub struct Opened {
        #[event(renamed(in = 2, from = "by"), changed(in = 3, from = u32, with = ::core::convert::Into::into))]
        pub owner: u64,
        #[event(added(in = 2, default = |old| old.note.is_some()))]
        pub noted: bool,
    }

    #[derive(Event, ::core::clone::Clone, Serialize, Deserialize)]
    #[event(name = "account.paid_in")]
    pub struct PaidIn(i64);

    #[derive(Event, ::core::clone::Clone, Serialize, Deserialize)]
    #[event(name = "account.greeted")]
    pub struct Greeted;

    #[derive(Aggregate, ::core::default::Default)]
    #[aggregate(category = "account", id = u64, events(Opened, PaidIn), retired(Greeted))]
    pub struct Account {
        balance: i64,
    }

    #[apply]
    impl Account {
        fn opened(&mut self, _: Opened) {}
        fn paid_in(&mut self, event: PaidIn) {
            self.balance += event.0;
        }
    }

    impl ::es::Retired<Account> for Greeted {
        fn successors(self) -> impl ::es::IntoEvents<Account> {}
    }

    #[derive(EventSet)]
    #[event_set(of(Account))]
    pub enum Feed {
        Opened(Opened),
        PaidIn(PaidIn),
    }
}

fn main() {
    use es::{Aggregate, EventSet, SchemaVersion};

    let mut account = domain::Account::initial();
    let second = SchemaVersion::new(2).expect("2 is not 0");
    let stored: [(&str, SchemaVersion, &[u8]); 4] = [
        ("account_opened", SchemaVersion::FIRST, br#"{"by":1,"note":null}"#),
        ("account.opened", second, br#"{"owner":1,"note":1,"noted":true}"#),
        ("account.paid_in", SchemaVersion::FIRST, b"5"),
        ("account.greeted", SchemaVersion::FIRST, b"null"),
    ];
    let mut applied = 0;
    for (name, version, payload) in stored {
        let read = <domain::Account as Aggregate>::Event::decode("account", name, version, payload, |event| {
            account.apply_event(event);
            applied += 1;
        });
        assert_eq!(read, Ok(()), "{name}");
    }
    assert_eq!(applied, 3);
    assert_eq!(domain::Feed::NAMES, ["account.opened", "account_opened", "account.paid_in"]);
}
