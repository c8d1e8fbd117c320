//! The encodings in which a secret could be printed.

/// Secrets, in every encoding in which bytes are printed.
#[derive(Debug)]
pub(crate) struct Encodings(Vec<(&'static str, String)>);

impl Encodings {
    /// Takes pairs of a name and a secret without white space.
    pub(crate) fn new(secrets: &[(&'static str, &str)]) -> Self {
        Self(secrets.iter().flat_map(|(name, secret)| encodings_of(secret).map(|encoding| (*name, encoding))).collect())
    }

    /// The name of a secret that `text` contains.
    pub(crate) fn in_text(&self, text: &str) -> Option<&'static str> {
        // Lists of numbers differ in their white space only.
        let bare: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        self.0.iter().find(|(_, encoding)| bare.contains(encoding)).map(|(name, _)| *name)
    }
}

fn encodings_of(secret: &str) -> impl Iterator<Item = String> {
    let list = |number: fn(&u8) -> String, between: &str| {
        secret.as_bytes().iter().map(number).collect::<Vec<_>>().join(between)
    };
    let hex = list(|byte| format!("{byte:02x}"), "");
    let upper = hex.to_uppercase();
    let listed =
        [list(u8::to_string, ","), list(|byte| format!("{byte:02x}"), ","), list(|byte| format!("0x{byte:02x}"), ",")];
    let encoded = (0..3).map(|before| base64(secret.as_bytes(), before)).collect::<Vec<_>>();
    [secret.to_owned(), hex, upper].into_iter().chain(listed).chain(encoded)
}

/// The part of the base64 of a longer text that depends on `bytes` alone, where `before` bytes precede them.
fn base64(bytes: &[u8], before: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded = [&vec![0; before], bytes].concat();
    let letters = padded.chunks_exact(3).flat_map(|three| {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    });
    letters.skip(if before == 0 { 0 } else { 4 }).collect()
}

#[test]
fn a_secret_is_found_in_every_encoding() {
    let encodings = Encodings::new(&[("it", "canary4711-of-a-payload")]);
    let json = br#"{"text":"canary4711-of-a-payload"}"#;
    let mut texts = vec![
        String::from_utf8_lossy(json).into_owned(),
        format!("{json:?}"),
        format!("{json:#?}"),
        format!("{json:02x?}"),
        format!("{json:#04x?}"),
        format!("{:?}", bytes::Bytes::from_static(json)),
        json.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
        json.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat(),
    ];
    // The output of `base64` with 0, 1 and 2 bytes before the secret.
    texts.extend(
        [
            "Y2FuYXJ5NDcxMS1vZi1hLXBheWxvYWQ=",
            "eGNhbmFyeTQ3MTEtb2YtYS1wYXlsb2Fk",
            "eHhjYW5hcnk0NzExLW9mLWEtcGF5bG9hZA==",
        ]
        .map(str::to_owned),
    );
    for text in texts {
        assert_eq!(encodings.in_text(&text), Some("it"), "{text}");
    }
    assert_eq!(encodings.in_text("canary4712-of-a-payload, [99, 97, 110]"), None);
}
