//! The error of an event that cannot be stored: the field, and what to do.

use es_core::{EncodeError, LimitError};

/// Creates the error for a field.
type Refusal = fn(Option<&'static str>) -> EncodeError;

#[test]
fn each_encode_error_names_its_field_if_it_is_known() {
    let refusals: [(Refusal, &str); 5] = [
        (|field| EncodeError::NotFinite { field }, "holds NaN or an infinity, which JSON cannot hold"),
        (|field| EncodeError::Nul { field }, "holds a NUL character"),
        (|field| EncodeError::TooDeep { field }, "is nested deeper than 100 arrays and objects"),
        (|field| EncodeError::Key { field }, "holds a map whose keys have no JSON form"),
        (|field| EncodeError::Refused { field }, "was refused by its own `Serialize`"),
    ];
    for (refusal, says) in refusals {
        for (field, subject) in [(Some("amount"), "field `amount` "), (Some("0"), "field `0` "), (None, "the payload ")]
        {
            let error = refusal(field);
            assert_eq!(error.field(), field);
            assert!(error.to_string().starts_with(&format!("{subject}{says}")), "{error}");
        }
    }
}

#[test]
fn encode_errors_about_the_whole_event_name_no_field() {
    let limit = LimitError::Empty { what: "event name" };
    for error in [EncodeError::NotJson { line: 1, column: 2 }, EncodeError::Limit(limit)] {
        assert_eq!(error.field(), None, "{error}");
    }
}
