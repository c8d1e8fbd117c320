//! Generic, recursive and converted types, and types in modules.

pair!(Widens a_generic_type_of_wider
    before { inner! { pub struct Page<T> { items: Vec<T> } } } (Page<u8>) [Page { items: vec![1] }]
    after { inner! { pub struct Page<T> { items: Vec<T> } } } (Page<u16>) [Page { items: vec![300] }]);
pair!(Noticed a_generic_type_of_another
    before { inner! { pub struct Page<T> { items: Vec<T> } } } (Page<Option<u8>>) [Page { items: vec![None] }]
    after { inner! { pub struct Page<T> { items: Vec<T> } } } (Page<u8>) [Page { items: vec![1] }]);
pair!(Noticed the_body_of_a_generic_type
    before { inner! { pub struct Page<T> { items: Vec<T> } } } (Page<Option<Box<u8>>>) [Page { items: vec![None] }]
    after { inner! { pub struct Page<T> { all: Vec<T> } } } (Page<Option<Box<u8>>>) [Page { all: vec![None] }]);
pair!(Silent a_generic_type_to_a_plain_one
    before { inner! { pub struct Page<T> { items: Vec<T> } } } (Page<Page<u8>>) [Page { items: vec![Page { items: vec![1] }] }]
    after { inner! { pub struct Row { items: Vec<u8> } pub struct Rows { items: Vec<Row> } } } (Rows) [Rows { items: vec![Row { items: vec![1] }] }]);
pair!(Noticed one_of_two_uses_of_a_generic_type
    before { inner! { pub struct Page<T> { items: Vec<T> } } } ((Page<u8>, Page<String>)) [(Page { items: vec![1] }, Page { items: vec!["a".into()] })]
    after { inner! { pub struct Page<T> { items: Vec<T> } } } ((Page<String>, Page<u8>)) [(Page { items: vec!["a".into()] }, Page { items: vec![1] })]);
pair!(Silent another_const_that_changes_nothing
    before { inner! { pub struct Fixed<const N: usize> { of: Vec<u8> } } } (Fixed<2>) [Fixed { of: vec![1] }]
    after { inner! { pub struct Fixed<const N: usize> { of: Vec<u8> } } } (Fixed<3>) [Fixed { of: vec![1] }]);
pair!(Noticed one_of_two_consts
    before { inner! { pub struct Fixed<const N: usize> { of: Vec<u8> } pub struct Other { of: String } } } ((Fixed<2>, Fixed<3>, Other)) [(Fixed { of: vec![1] }, Fixed { of: vec![1] }, Other { of: "a".into() })]
    after { inner! { pub struct Fixed<const N: usize> { of: Vec<u8> } pub struct Other { of: String } } } ((Fixed<2>, Other, Fixed<3>)) [(Fixed { of: vec![1] }, Other { of: "a".into() }, Fixed { of: vec![1] })]);
pair!(Noticed another_length_by_a_const
    before { const N: usize = 2; } ([u8; N]) [[1, 2]]
    after { const N: usize = 3; } ([u8; N]) [[1, 2, 3]]);
pair!(Noticed a_recursive_type_changed_inside
    before { inner! { pub struct Node { of: u8, next: Option<Box<Node>> } } } (Node) [Node { of: 1, next: Some(Box::new(Node { of: 2, next: None })) }]
    after { inner! { pub struct Node { of: String, next: Option<Box<Node>> } } } (Node) [Node { of: "a".into(), next: None }]);
pair!(Widens a_recursive_type_of_wider
    before { inner! { pub struct Node { of: u8, next: Option<Box<Node>> } } } (Node) [Node { of: 1, next: Some(Box::new(Node { of: 2, next: None })) }]
    after { inner! { pub struct Node { of: u16, next: Option<Box<Node>> } } } (Node) [Node { of: 300, next: None }]);
pair!(Silent a_recursive_type_renamed
    before { inner! { pub struct Node { of: u8, next: Option<Box<Node>> } } } (Node) [Node { of: 1, next: Some(Box::new(Node { of: 2, next: None })) }]
    after { inner! { pub struct Link { of: u8, next: Option<Box<Link>> } } } (Link) [Link { of: 1, next: None }]);
pair!(Noticed the_alias_of_a_recursive_type_dropped
    before { inner! { pub struct Node { #[serde(alias = "was")] of: u8, next: Option<Box<Node>> } } } (Node) [Node { of: 1, next: None }] stored [r#"{"of":{"of":1,"next":{"was":1}}}"#]
    after { inner! { pub struct Node { of: u8, next: Option<Box<Node>> } } } (Node) [Node { of: 1, next: None }]);
pair!(Noticed types_that_hold_each_other
    before { inner! { pub struct A { b: Vec<B> } pub struct B { of: u8, a: Vec<A> } } } (A) [A { b: vec![B { of: 1, a: vec![] }] }]
    after { inner! { pub struct A { b: Vec<B> } pub struct B { of: String, a: Vec<A> } } } (A) [A { b: vec![] }]);
pair!(Noticed a_type_at_two_places
    before { inner! { pub struct Money { cents: i64 } pub struct Both { one: Money, other: Money } } } (Both) [Both { one: Money { cents: 1 }, other: Money { cents: 2 } }]
    after { inner! { pub struct Money { cents: i64 } pub struct Amount { amount: i64 } pub struct Both { one: Money, other: Amount } } } (Both) [Both { one: Money { cents: 1 }, other: Amount { amount: 2 } }]);
pair!(Silent types_of_one_name_in_other_modules
    before { pub mod one { use super::*; inner! { pub struct Money { pub cents: i64 } } } pub mod two { use super::*; inner! { pub struct Money { pub text: String } } } }
        ((one::Money, two::Money)) [(one::Money { cents: 1 }, two::Money { text: "a".into() })]
    after { pub mod two { use super::*; inner! { pub struct Money { pub cents: i64 } } } pub mod one { use super::*; inner! { pub struct Money { pub text: String } } } }
        ((two::Money, one::Money)) [(two::Money { cents: 1 }, one::Money { text: "a".into() })]);
pair!(Noticed types_of_one_name_exchanged
    before { pub mod one { use super::*; inner! { pub struct Money { pub cents: i64 } } } pub mod two { use super::*; inner! { pub struct Money { pub text: String } } } }
        ((one::Money, two::Money)) [(one::Money { cents: 1 }, two::Money { text: "a".into() })]
    after { pub mod one { use super::*; inner! { pub struct Money { pub cents: i64 } } } pub mod two { use super::*; inner! { pub struct Money { pub text: String } } } }
        ((two::Money, one::Money)) [(two::Money { text: "a".into() }, one::Money { cents: 1 })]);
pair!(Silent a_phantom_field_of_another_type
    before { inner! { pub struct Id<T> { of: u8, #[serde(bound = "")] kind: PhantomData<T> } } } (Id<u8>) [Id { of: 1, kind: PhantomData }]
    after { inner! { pub struct Id<T> { of: u8, #[serde(bound = "")] kind: PhantomData<T> } } } (Id<String>) [Id { of: 1, kind: PhantomData }]);
pair!(Silent a_borrowed_text
    before { inner! { pub struct Text<'a> { #[serde(borrow)] of: Cow<'a, str> } } } (Cow<'static, str>) ["a".into()]
    after {} (String) ["a".into()]);

// ---- converted

pair!(Silent from_and_into_the_same
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after {
        inner! { pub struct Stored { cents: i64 } }
        inner! { #[serde(from = "Stored", into = "Stored")] pub struct Money { amount: i64 } }
        impl From<Stored> for Money { fn from(old: Stored) -> Self { Self { amount: old.cents } } }
        impl From<Money> for Stored { fn from(money: Money) -> Self { Self { cents: money.amount } } }
    } (Money) [Money { amount: 1 }]);
pair!(Noticed from_another
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after {
        inner! { pub struct Stored { euros: i64 } }
        inner! { #[serde(from = "Stored", into = "Stored")] pub struct Money { amount: i64 } }
        impl From<Stored> for Money { fn from(old: Stored) -> Self { Self { amount: old.euros } } }
        impl From<Money> for Stored { fn from(money: Money) -> Self { Self { euros: money.amount } } }
    } (Money) [Money { amount: 1 }]);
pair!(Noticed text_to_a_text_that_is_checked
    before {} (String) ["no address".into()]
    after {
        inner! { #[serde(try_from = "String", into = "String")] pub struct Email(String); }
        impl TryFrom<String> for Email { type Error = &'static str; fn try_from(text: String) -> Result<Self, Self::Error> { if text.contains('@') { Ok(Self(text)) } else { Err("no address") } } }
        impl From<Email> for String { fn from(email: Email) -> Self { email.0 } }
    } (Email) [Email("a@b".into())]);
pair!(Widens a_text_that_is_checked_to_text
    before {
        inner! { #[serde(try_from = "String", into = "String")] pub struct Email(String); }
        impl TryFrom<String> for Email { type Error = &'static str; fn try_from(text: String) -> Result<Self, Self::Error> { if text.contains('@') { Ok(Self(text)) } else { Err("no address") } } }
        impl From<Email> for String { fn from(email: Email) -> Self { email.0 } }
    } (Email) [Email("a@b".into())]
    after {} (String) ["no address".into()]);
pair!(Noticed a_number_to_a_number_that_is_checked
    before {} (Vec<u8>) [vec![200]]
    after {
        inner! { #[serde(try_from = "u8", into = "u8")] pub struct Percent(u8); }
        impl TryFrom<u8> for Percent { type Error = &'static str; fn try_from(of: u8) -> Result<Self, Self::Error> { if of <= 100 { Ok(Self(of)) } else { Err("more than all") } } }
        impl From<Percent> for u8 { fn from(percent: Percent) -> Self { percent.0 } }
    } (Vec<Percent>) [vec![Percent(1)]]);
pair!(Noticed a_nested_text_that_is_checked
    before { inner! { pub struct Person { mail: Option<String> } } } (Person) [Person { mail: Some("no address".into()) }]
    after {
        inner! { #[serde(try_from = "String", into = "String")] pub struct Email(String); pub struct Person { mail: Option<Email> } }
        impl TryFrom<String> for Email { type Error = &'static str; fn try_from(text: String) -> Result<Self, Self::Error> { if text.contains('@') { Ok(Self(text)) } else { Err("no address") } } }
        impl From<Email> for String { fn from(email: Email) -> Self { email.0 } }
    } (Person) [Person { mail: None }]);
pair!(Silent a_check_that_lets_all_pass
    before {} (String) ["a".into()]
    after {
        inner! { #[serde(try_from = "String", into = "String")] pub struct Text(String); }
        impl TryFrom<String> for Text { type Error = &'static str; fn try_from(text: String) -> Result<Self, Self::Error> { if text.contains('\u{7}') { Err("a bell") } else { Ok(Self(text)) } } }
        impl From<Text> for String { fn from(text: Text) -> Self { text.0 } }
    } (Text) [Text("a".into())]);

// ---- read by a module

pair!(Noticed a_nested_with_put_on
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { use super::super::super::text_cents; inner! { pub struct Money { #[serde(with = "text_cents")] #[schemars(with = "String")] cents: i64 } } } (Money) [Money { cents: 1 }]);
pair!(Noticed a_nested_with_of_which_the_schema_says_nothing
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { use super::super::super::text_cents; inner! { pub struct Money { #[serde(with = "text_cents")] #[schemars(with = "i64")] cents: i64 } } } (Money) [Money { cents: 1 }]);

// ---- values

pair!(Silent an_option_in_an_option
    before { inner! { pub struct Memo { of: Option<Option<u8>> } } } (Vec<Memo>) [vec![Memo { of: None }, Memo { of: Some(Some(1)) }]]
    after { inner! { pub struct Memo { of: Option<u8> } } } (Vec<Memo>) [vec![Memo { of: None }, Memo { of: Some(1) }]]);
pair!(Silent another_option_in_an_option
    before { inner! { pub struct Memo { of: Option<u8> } } } (Vec<Memo>) [vec![Memo { of: None }, Memo { of: Some(1) }]]
    after { inner! { pub struct Memo { of: Option<Option<u8>> } } } (Vec<Memo>) [vec![Memo { of: None }, Memo { of: Some(Some(1)) }]]);
pair!(Noticed text_to_a_socket before {} (String) ["a".into()] after {} (SocketAddr) ["[::1]:80".parse().expect("an address")]);
pair!(Widens a_socket_to_text before {} (SocketAddr) ["[::1]:80".parse().expect("an address")] after {} (String) ["a".into()]);
pair!(Widens an_id_to_text before {} (uuid::Uuid) [uuid::Uuid::nil()] after {} (String) ["a".into()]);
pair!(Noticed text_to_an_id before {} (String) ["a".into()] after {} (uuid::Uuid) [uuid::Uuid::nil()]);
pair!(Silent a_duration_to_its_parts
    before {} (Duration) [Duration::new(1, 2)]
    after { inner! { pub struct Lasting { secs: u64, nanos: u32 } } } (Lasting) [Lasting { secs: 1, nanos: 2 }]);
pair!(Widens anything before {} (Vec<u64>) [vec![u64::MAX]] after {} (Value) [serde_json::json!({})]);
pair!(Noticed a_number_that_anything_does_not_hold before {} (u128) [u128::MAX] after {} (Value) [serde_json::json!({})]);
pair!(Noticed anything_to_text before {} (Value) [serde_json::json!({})] after {} (String) ["a".into()]);
pair!(Silent another_name_of_a_type before { type Amount = i64; } (Amount) [1] after {} (i64) [1]);
pair!(Noticed another_type_of_a_name before { type Amount<T> = Vec<T>; } (Amount<u8>) [vec![1]] after { type Amount<T> = Option<T>; } (Amount<u8>) [None]);
