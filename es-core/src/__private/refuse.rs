//! Fails to compile with a message that is built at compile time.

/// Panics in a constant with the concatenation of the parts.
macro_rules! refuse {
    ($($part:expr),+ $(,)?) => {{
        let (text, length) = $crate::__private::refuse::concatenated(&[$($part),+]);
        match str::from_utf8(text.split_at(length).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("the message is too long to be shown"),
        }
    }};
}
pub(super) use refuse;

const BYTES: usize = 2048;

/// Concatenates `parts`; gives a buffer and the length of the text in it.
pub(super) const fn concatenated(parts: &[&str]) -> ([u8; BYTES], usize) {
    let mut concatenated = [0; BYTES];
    let (mut length, mut part) = (0, 0);
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut byte = 0;
        while byte < bytes.len() && length < BYTES {
            concatenated[length] = bytes[byte];
            length += 1;
            byte += 1;
        }
        part += 1;
    }
    (concatenated, length)
}
