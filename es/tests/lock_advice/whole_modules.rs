//! Changes beyond the fields of one event: the test pastes the advice into the whole module.

use super::*;

/// The two modules compiled, and the second one also as text.
macro_rules! wholes {
    ($(
        $name:ident $follow:literal {
            before { $($old:tt)* }
            after { $($new:tt)* }
            kept { $($kept:tt)* }
            $stored:literal $version:literal $payload:literal => $today:literal
        }
    )+) => {
        $(mod $name {
            pub mod before {
                use super::super::*;
                $($old)*
            }
            pub mod after {
                use super::super::*;
                $($new)*
            }
        })+

        pub(super) const ALL: &[Case] = &[$(Case {
            name: stringify!($name),
            write: |lock| lock.run::<$name::before::Today>(Update::New),
            check: |lock| lock.run::<$name::after::Today>(Update::Nothing),
            follow: Some($follow),
            event: "",
            is_tuple: false,
            fields: &[],
            types: stringify!($($new)*),
            kept: stringify!($($kept)*),
            payload: ($stored, $version, $payload, $today),
        },)+];
    };
}

wholes! {
    an_event_retired "if it is no longer written" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.closed")]
            pub struct Closed { pub rest: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited, Closed))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            impl Apply<Closed> for Account { fn apply(&mut self, _: Closed) {} }
            pub type Today = Account;
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.closed")]
            pub struct Closed { pub rest: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            pub type Today = Account;
        }
        kept {
            impl Retired<Account> for Closed { fn successors(self) -> impl IntoEvents<Account> { Deposited { amount: self.rest } } }
        }
        "account.closed" 1 r#"{"rest":5}"# => r#"{"amount":5}"#
    }
    an_event_that_became_another "if it has another name today" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.given")]
            pub struct Given { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited, Given))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            impl Apply<Given> for Account { fn apply(&mut self, _: Given) {} }
            pub type Today = Account;
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            pub type Today = Account;
        }
        kept {}
        "account.given" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    a_category_renamed "so write it as it was" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            pub type Today = Account;
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "accounts", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            pub type Today = Account;
        }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    an_aggregate_left_out "name its aggregate" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "room.taken")]
            pub struct Taken { pub by: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "room", id = String, events(Taken))]
            pub struct Room;
            impl Apply<Taken> for Room { fn apply(&mut self, _: Taken) {} }
            pub type Today = (Account, Room);
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "room.taken")]
            pub struct Taken { pub by: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "room", id = String, events(Taken))]
            pub struct Room;
            impl Apply<Taken> for Room { fn apply(&mut self, _: Taken) {} }
            pub type Today = Account;
        }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    ids_that_print_otherwise "print ids as before" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = String, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            pub type Today = Account;
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = u64, events(Deposited))]
            pub struct Account;
            impl Apply<Deposited> for Account { fn apply(&mut self, _: Deposited) {} }
            pub type Today = Account;
        }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    a_tag_put_on "leave `" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            #[serde(tag = "type")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    unknown_keys_denied "leave `" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            #[serde(deny_unknown_fields)]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        kept {}
        "account.deposited" 1 r#"{"amount":5,"more":1}"# => r#"{"amount":5}"#
    }
    a_tag_taken_off "#[serde(" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            #[serde(tag = "type")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        kept {}
        "account.deposited" 1 r#"{"type":"Deposited","amount":5}"# => r#"{"type":"Deposited","amount":5}"#
    }
    another_tag "#[serde(" {
        before {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            #[serde(tag = "type")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        after {
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            #[serde(tag = "kind")]
            pub struct Deposited { pub amount: u64 }
            account!();
        }
        kept {}
        "account.deposited" 1 r#"{"type":"Deposited","amount":5}"# => r#"{"type":"Deposited","amount":5}"#
    }
    a_schema_lost "has no JSON schema any more" {
        before {
            inner! { pub struct Money { cents: i64 } }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: Money }
            account!();
        }
        after {
            #[derive(Clone, Serialize, Deserialize)]
            pub struct Money { cents: i64 }
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { pub amount: Money }
            account!();
        }
        kept {}
        "account.deposited" 1 r#"{"amount":{"cents":5}}"# => r#"{"amount":{"cents":5}}"#
    }
    an_event_by_hand_that_describes_nothing "describe its shapes" {
        before {
            #[derive(Clone, Serialize, Deserialize)]
            pub struct Deposited { pub amount: u64 }
            impl Event for Deposited {
                const NAME: &'static str = "account.deposited";
                const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
                const SCHEMA: &'static Schema = &Schema {
                    name: "account.deposited",
                    schema_version: SchemaVersion::FIRST,
                    aliases: &[],
                    shapes: &[Shape { schema_version: SchemaVersion::FIRST, form: Form::Named, fields: &[Field::new("amount", "u64", Presence::Required)] }],
                    previous: None,
                    types: |_| (),
                };
                fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, es::DecodeError> {
                    es::decode_single(stored, payload)
                }
            }
            account!();
        }
        after {
            #[derive(Clone, Serialize, Deserialize)]
            pub struct Deposited { pub amount: u64 }
            impl Event for Deposited {
                const NAME: &'static str = "account.deposited";
                const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
                const SCHEMA: &'static Schema = &Schema {
                    name: "account.deposited",
                    schema_version: SchemaVersion::FIRST,
                    aliases: &[],
                    shapes: &[],
                    previous: None,
                    types: |_| (),
                };
                fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, es::DecodeError> {
                    es::decode_single(stored, payload)
                }
            }
            account!();
        }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
}
