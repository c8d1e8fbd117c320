//! The sample values that are tried on a type, to find what it refuses.

use es_core::schema::trace::Sample;

use super::json_type::INTEGERS;

/// Texts of several forms.
const TEXTS: [&str; 4] = ["", "1", "a", "00000000-0000-0000-0000-000000000000"];

/// The samples for a type that asks for a `value`, each with its JSON: texts, or the bounds of a whole number, 0 and 1.
pub(super) fn samples(value: &str) -> Vec<(Sample, String)> {
    match INTEGERS.iter().find(|(name, ..)| *name == value) {
        Some((_, min, max)) => {
            let least = u128::try_from(*min).map_or(Sample::Negative(*min), Sample::Natural);
            let mut samples = vec![
                (least, min.to_string()),
                (Sample::Natural(0), "0".to_owned()),
                (Sample::Natural(1), "1".to_owned()),
                (Sample::Natural(*max), max.to_string()),
            ];
            samples.dedup();
            samples
        }
        None if value == "string" => {
            TEXTS.iter().map(|text| (Sample::Text(text), serde_json::Value::from(*text).to_string())).collect()
        }
        None => Vec::new(),
    }
}
