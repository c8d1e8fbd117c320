//! Keys of maps.

pair!(Noticed text_keys_to_numbers before {} (HashMap<String, u8>) [[("a".into(), 1)].into()] after {} (HashMap<u32, u8>) [[(1, 1)].into()]);
pair!(Widens number_keys_to_texts before {} (HashMap<u32, u8>) [[(1, 1)].into()] after {} (HashMap<String, u8>) [[("a".into(), 1)].into()]);
pair!(Widens wider_keys before {} (HashMap<u32, u8>) [[(u32::MAX, 1)].into()] after {} (BTreeMap<u64, u8>) [[(u64::MAX, 1)].into()]);
pair!(Widens wider_keys_with_a_sign before {} (HashMap<u32, u8>) [[(u32::MAX, 1)].into()] after {} (BTreeMap<i64, u8>) [[(-1, 1)].into()]);
pair!(Noticed narrower_keys before {} (HashMap<u64, u8>) [[(u64::MAX, 1)].into()] after {} (BTreeMap<u32, u8>) [[(1, 1)].into()]);
pair!(Noticed keys_without_a_sign before {} (HashMap<i64, u8>) [[(-1, 1)].into()] after {} (BTreeMap<u64, u8>) [[(1, 1)].into()]);
pair!(Noticed bool_keys before {} (HashMap<String, u8>) [[("a".into(), 1)].into()] after {} (HashMap<bool, u8>) [[(true, 1)].into()]);
pair!(Noticed char_keys before {} (HashMap<String, u8>) [[("ab".into(), 1)].into()] after {} (HashMap<char, u8>) [[('a', 1)].into()]);
pair!(Widens char_keys_to_texts before {} (HashMap<char, u8>) [[('a', 1)].into()] after {} (HashMap<String, u8>) [[("ab".into(), 1)].into()]);
pair!(Noticed id_keys before {} (HashMap<String, u8>) [[("a".into(), 1)].into()] after {} (HashMap<uuid::Uuid, u8>) [[(uuid::Uuid::nil(), 1)].into()]);
pair!(Widens address_keys_to_texts before {} (HashMap<IpAddr, u8>) [[("::1".parse().expect("an address"), 1)].into()] after {} (HashMap<String, u8>) [[("ab".into(), 1)].into()]);
pair!(Noticed address_keys before {} (HashMap<String, u8>) [[("a".into(), 1)].into()] after {} (HashMap<IpAddr, u8>) [[("::1".parse().expect("an address"), 1)].into()]);
pair!(Noticed keys_of_an_enum
    before {} (HashMap<String, u8>) [[("a".into(), 1)].into()]
    after { inner! { pub enum Kind { A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Noticed keys_of_an_enum_with_comments
    before {} (HashMap<String, u8>) [[("a".into(), 1)].into()]
    after { inner! { pub enum Kind { #[doc = "One."] A, #[doc = "Other."] B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Widens keys_of_an_enum_to_texts
    before { inner! { pub enum Kind { A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]
    after {} (HashMap<String, u8>) [[("a".into(), 1)].into()]);
pair!(Widens one_more_key
    before { inner! { pub enum Kind { A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]
    after { inner! { pub enum Kind { A, B, C } } } (HashMap<Kind, u8>) [[(Kind::C, 1)].into()]);
pair!(Noticed one_key_less
    before { inner! { pub enum Kind { A, B, C } } } (HashMap<Kind, u8>) [[(Kind::C, 1)].into()]
    after { inner! { pub enum Kind { A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Noticed one_key_less_of_an_enum_with_comments
    before { inner! { pub enum Kind { #[doc = "One."] A, B, C } } } (HashMap<Kind, u8>) [[(Kind::C, 1)].into()]
    after { inner! { pub enum Kind { #[doc = "One."] A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Silent comments_on_keys
    before { inner! { pub enum Kind { A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]
    after { inner! { pub enum Kind { #[doc = "One."] A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Noticed the_alias_of_a_key_dropped
    before { inner! { pub enum Kind { #[serde(alias = "a")] A, B } } } (HashMap<Kind, u8>) [[(Kind::B, 1)].into()] stored [r#"{"of":{"a":1}}"#]
    after { inner! { pub enum Kind { A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Noticed the_alias_of_a_key_with_a_comment_dropped
    before { inner! { pub enum Kind { #[doc = "One."] #[serde(alias = "a")] A, B } } } (HashMap<Kind, u8>) [[(Kind::B, 1)].into()] stored [r#"{"of":{"a":1}}"#]
    after { inner! { pub enum Kind { #[doc = "One."] A, B } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Noticed other_keys_are_not_taken_any_more
    before { inner! { pub enum Kind { A, B, #[serde(other)] C } } } (HashMap<Kind, u8>) [[(Kind::B, 1)].into()] stored [r#"{"of":{"new":1}}"#]
    after { inner! { pub enum Kind { A, B, C } } } (HashMap<Kind, u8>) [[(Kind::A, 1)].into()]);
pair!(Silent keys_in_a_newtype
    before {} (HashMap<u32, u8>) [[(1, 1)].into()]
    after { inner! { pub struct Id(u32); } } (BTreeMap<Id, u8>) [[(Id(1), 1)].into()]);
pair!(Noticed narrower_keys_in_a_newtype
    before { inner! { pub struct Id(u64); } } (BTreeMap<Id, u8>) [[(Id(u64::MAX), 1)].into()]
    after { inner! { pub struct Id(u8); } } (BTreeMap<Id, u8>) [[(Id(1), 1)].into()]);
pair!(Noticed text_keys_to_a_newtype_of_a_number
    before { inner! { pub struct Id(String); } } (Vec<BTreeMap<Id, u8>>) [vec![[(Id("a".into()), 1)].into()]]
    after { inner! { pub struct Id(u8); } } (Vec<BTreeMap<Id, u8>>) [vec![[(Id(1), 1)].into()]]);
pair!(Noticed a_map_to_a_list_of_pairs
    before {} (BTreeMap<String, u8>) [[("a".into(), 1)].into()]
    after {} (Vec<(String, u8)>) [vec![("a".into(), 1)]]);
pair!(Noticed a_map_to_a_struct
    before {} (BTreeMap<String, i64>) [[("a".into(), 1)].into()]
    after { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]);
pair!(Widens a_struct_to_a_map
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after {} (BTreeMap<String, i64>) [[("a".into(), 1)].into()]);
pair!(Noticed a_struct_to_a_map_of_number_keys
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after {} (BTreeMap<u8, i64>) [[(1, 1)].into()]);
