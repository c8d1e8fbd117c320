//! The field of the event itself.

pair!(Widens a_field_renamed_with_an_alias renamed ["was" "of"]
    before {} (#[serde(rename = "was")] u8) [1]
    after {} (#[serde(alias = "was")] u8) [1]);
pair!(Widens an_option_renamed_with_an_alias renamed ["was" "of"]
    before {} (#[serde(rename = "was")] Option<u8>) [Some(1)]
    after {} (#[serde(alias = "was")] Option<u8>) [Some(1)]);
pair!(Noticed a_field_renamed renamed ["was" "of"]
    before {} (#[serde(rename = "was")] u8) [1]
    after {} (u8) [1]);
pair!(Noticed an_option_renamed renamed ["was" "of"]
    before {} (#[serde(rename = "was")] Option<u8>) [Some(1)]
    after {} (Option<u8>) [Some(1)]);
pair!(Silent an_alias_put_on
    before {} (u8) [1]
    after {} (#[serde(alias = "was")] u8) [1]);
pair!(Noticed an_alias_taken_off
    before {} (#[serde(alias = "was")] u8) [1] stored [r#"{"was":1}"#]
    after {} (u8) [1]);
pair!(Silent a_default_put_on
    before {} (u8) [1]
    after {} (#[serde(default)] u8) [1]);
pair!(Noticed a_default_taken_off
    before {} (#[serde(default)] u8) [1] stored ["{}"]
    after {} (u8) [1]);
pair!(Silent an_option_with_a_default
    before {} (Option<u8>) [None, Some(1)]
    after {} (#[serde(default)] Option<u8>) [None, Some(1)]);
pair!(Silent a_default_taken_off_an_option
    before {} (#[serde(default)] Option<u8>) [None, Some(1)] stored ["{}"]
    after {} (Option<u8>) [None, Some(1)]);
