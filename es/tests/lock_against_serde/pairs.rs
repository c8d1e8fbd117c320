//! The macros that declare a pair.

/// Types inside payloads.
macro_rules! inner {
    ($($item:item)+) => {
        $(
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, es::schema::schemars::JsonSchema)]
            #[schemars(crate = "es::schema::schemars")]
            $item
        )+
    };
}

/// A module with these items and the aggregate `Account`, whose event has a field `of` of this type.
macro_rules! side {
    ($name:ident { $($item:item)* } ($(#[$($attribute:tt)*])* $ty:ty) [$($sample:expr),* $(,)?] [$($stored:literal),*]) => {
        mod $name {
            #![allow(unused_imports, reason = "not each side has all of them")]
            use super::super::super::*;

            $($item)*

            #[derive(Event, Clone, Debug, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            pub struct Deposited { $(#[$($attribute)*])* of: $ty }

            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = ::std::string::String, events(Deposited))]
            pub struct Account;

            impl Apply<Deposited> for Account {
                fn apply(&mut self, _: Deposited) {}
            }

            impl Side for Account {
                fn samples() -> Vec<::std::string::String> {
                    vec![
                        $(serde_json::to_string(&Deposited { of: $sample }).expect("JSON"),)*
                        $($stored.to_owned(),)*
                    ]
                }
                fn read(payload: &str) -> ::core::option::Option<Value> {
                    let read: Deposited = serde_json::from_str(payload).ok()?;
                    Some(written(&read))
                }
            }
        }
    };
}

/// A test of a pair: the verdict, the name, then each side with its items, its type, and samples: values, and payloads that an
/// older release has stored.
macro_rules! pair {
    ($verdict:ident $((but $instead:ident))? $test:ident $(renamed [$($old:literal $new:literal),+])?
        before { $($before:item)* } ($($was:tt)+) [$($old_sample:tt)*] $(stored [$($stored:literal),+])?
        after { $($after:item)* } ($($is:tt)+) [$($new_sample:tt)*]
    ) => {
        mod $test {
            side!(before { $($before)* } ($($was)+) [$($old_sample)*] [$($($stored),+)?]);
            side!(after { $($after)* } ($($is)+) [$($new_sample)*] []);

            #[test]
            fn $test() {
                let renamed = &[$($(($old, $new)),+)?];
                let instead: Option<crate::Verdict> = [$(crate::Verdict::$instead)?].into_iter().next();
                crate::judge::<before::Account, after::Account>(crate::Verdict::$verdict, instead, renamed);
            }
        }
    };
}
