//! The folder of an event: its stored name, with characters that file systems refuse written as `%2F`.

/// The folder of the event that is stored as `name`.
pub(super) fn of(name: &str) -> String {
    let mut folder = String::new();
    for (at, letter) in name.char_indices() {
        let plain = letter.is_alphanumeric() || matches!(letter, '_' | '-') || (letter == '.' && at > 0);
        if plain {
            folder.push(letter);
        } else {
            let mut bytes = [0; 4];
            let bytes = letter.encode_utf8(&mut bytes).bytes();
            folder.extend(bytes.map(|byte| format!("%{byte:02X}")));
        }
    }
    folder
}

/// The event whose folder is `folder`.
pub(super) fn event(folder: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = folder;
    while let Some(letter) = rest.chars().next() {
        let code = rest.strip_prefix('%').and_then(|code| code.get(..2));
        let code = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            let (letter, behind) = rest.split_at(letter.len_utf8());
            bytes.extend(letter.bytes());
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_from_its_folder() {
        for (name, folder) in [
            ("account.deposited", "account.deposited"),
            ("a/b\\c:d", "a%2Fb%5Cc%3Ad"),
            ("..", "%2E."),
            ("100 %", "100%20%25"),
            ("größe €", "größe%20%E2%82%AC"),
        ] {
            assert_eq!(of(name), folder);
            assert_eq!(event(folder), name);
        }
    }

    #[test]
    fn a_folder_made_by_hand_is_read_as_it_is() {
        assert_eq!(event("50%"), "50%");
        assert_eq!(event("50%zz"), "50%zz");
        assert_eq!(event("%2"), "%2");
    }
}
