//! Arbitrary and truncated bytes decode to an error or an event, and never panic.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "the helpers are tests too")]

use es_core::SchemaVersion;
use schema_histories::{Dice, History, payload};
use schema_histories_tests::{
    COUNT, SEED,
    generated::DECODERS,
    words::{Decoder, Value},
};

fn all() -> impl Iterator<Item = (History, Decoder)> {
    println!("HISTORIES_SEED={SEED} draws these histories");
    schema_histories::histories(SEED.parse().unwrap(), COUNT.parse().unwrap()).into_iter().zip(DECODERS.iter().copied())
}

fn schema_version(number: u32) -> SchemaVersion {
    SchemaVersion::new(number).unwrap()
}

/// Whether the bytes decode to an event. The test is that it does not panic.
fn reads(decoder: Decoder, version: u32, bytes: &[u8]) -> bool {
    match (decoder.decode)(schema_version(version), bytes) {
        Ok(Value::Object(_)) => true,
        Ok(other) => panic!("an event is an object of facts, not {other}"),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

#[test]
fn a_payload_cut_anywhere_does_not_panic() {
    let mut dice = Dice::new(1);
    for (history, decoder) in all() {
        for version in 1..=history.newest() {
            let json = payload::random(&mut dice, &history, version).json(&mut dice);
            for end in 0..json.len() {
                let cut = &json.as_bytes()[..end];
                let read = reads(decoder, version, cut);
                assert!(
                    !read || json.parse::<f64>().is_ok(),
                    "{} read {:?}",
                    history.name,
                    String::from_utf8_lossy(cut)
                );
            }
        }
    }
}

#[test]
fn a_payload_with_damaged_bytes_does_not_panic() {
    let mut dice = Dice::new(2);
    let (mut read, mut refused) = (0, 0);
    for (history, decoder) in all() {
        for version in (1..=history.newest()).flat_map(|version| [version; 50]) {
            let mut bytes = payload::random(&mut dice, &history, version).json(&mut dice).into_bytes();
            for _ in 0..=dice.below(3) {
                damage(&mut dice, &mut bytes);
            }
            if reads(decoder, version, &bytes) { read += 1 } else { refused += 1 }
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} were read, {refused} were refused");
}

/// Changes, removes, inserts or repeats some bytes.
fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    const TOKENS: [&[u8]; 16] = [
        b"{", b"}", b"[", b"]", b",", b":", b"\"", b"\\", b"null", b"-", b"1e999", b"\\ud800", b"\xff", b"\0", b"\n",
        b"9",
    ];
    let at = dice.below(bytes.len() + 1);
    match dice.below(4) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        1 if at < bytes.len() => {
            bytes.remove(at);
        }
        2 => {
            let token = dice.pick(&TOKENS).copied().unwrap_or_default();
            bytes.splice(at..at, token.iter().copied());
        }
        _ => {
            let from = dice.below(at + 1);
            bytes.extend_from_within(from..at);
        }
    }
}

#[test]
fn arbitrary_bytes_do_not_panic() {
    let mut dice = Dice::new(3);
    for (history, decoder) in all() {
        for version in (1..=history.newest() + 1).flat_map(|version| [version; 50]) {
            let bytes: Vec<u8> = (0..dice.below(64)).map(|_| dice.small().to_le_bytes()[0]).collect();
            reads(decoder, version, &bytes);
        }
    }
}
