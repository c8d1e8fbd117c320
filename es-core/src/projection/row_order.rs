//! Keys of rows as texts whose bytes have the order of the keys, where they are numbers or texts.

use std::fmt::Write;

use crate::projection::{Fault, RowKey};

/// How the keys of one type are stored, so that a store, which orders texts by their bytes, gives them in their own order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RowOrder {
    /// As they are printed.
    Text,
    /// Whole numbers: `02:42` for 42, with the count of digits before them, and `-96:876` for -123, with both complemented.
    Number,
}

impl RowOrder {
    /// The order of the keys `K`: numbers are ordered as such, and any others by what they print.
    pub(crate) fn of<K: RowKey>() -> Self {
        match (K::parse("9"), K::parse("10")) {
            (Ok(nine), Ok(ten)) if nine < ten => Self::Number,
            _ => Self::Text,
        }
    }

    /// Gives the key as it is stored.
    pub(crate) fn store<K: RowKey>(self, key: &K) -> String {
        let printed = key.to_string();
        if self == Self::Text {
            return printed;
        }
        let mut stored = String::with_capacity(printed.len() + 4);
        let (negative, digits) = match printed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, &*printed),
        };
        let is_number = !digits.is_empty() && digits.len() < 100 && digits.bytes().all(|byte| byte.is_ascii_digit());
        // Writing to a `String` cannot fail.
        let written = match (is_number, negative) {
            (false, _) => write!(stored, "x:{printed}"),
            (true, false) => write!(stored, "{:02}:{digits}", digits.len()),
            (true, true) => {
                let complement: String = digits.bytes().map(|digit| char::from(b'0' + b'9' - digit)).collect();
                write!(stored, "-{:02}:{complement}", 99 - digits.len())
            }
        };
        debug_assert!(written.is_ok());
        stored
    }

    /// Gives the key that was stored as `stored`.
    ///
    /// # Errors
    /// It is not the key of such a row.
    pub(crate) fn read<K: RowKey>(self, stored: &str) -> Result<K, Fault> {
        if self == Self::Text {
            return K::parse(stored);
        }
        let (mark, printed) = stored.split_once(':').ok_or("the stored key has no count of digits")?;
        if mark.starts_with('-') {
            let digits = printed.bytes().map(|digit| char::from(b'0' + b'9' - digit));
            K::parse(&std::iter::once('-').chain(digits).collect::<String>())
        } else {
            K::parse(printed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored<K: RowKey + std::fmt::Debug>(keys: impl IntoIterator<Item = K>) {
        let order = RowOrder::of::<K>();
        let mut before: Option<(String, K)> = None;
        for key in keys {
            let text = order.store(&key);
            assert_eq!(order.read::<K>(&text).expect("it was stored"), key, "{text}");
            if let Some((lower, smaller)) = before {
                assert!(lower < text && smaller < key, "{lower} {text}");
            }
            before = Some((text, key));
        }
    }

    #[test]
    fn numbers_are_stored_in_their_order() {
        stored([0_u64, 1, 9, 10, 11, 99, 100, 101, 12_345, u64::MAX]);
        stored([i128::MIN, i128::MIN + 1, -1000, -999, -100, -99, -12, -10, -9, -1, 0, 1, 9, 10, i128::MAX]);
    }

    #[test]
    fn texts_are_stored_as_they_are() {
        stored([String::new(), "-9".into(), "10".into(), "9".into(), "a:b".into(), "ä".into()]);
        assert_eq!(RowOrder::of::<String>().store(&"9".to_owned()), "9");
    }
}
