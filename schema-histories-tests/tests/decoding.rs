//! Compares what `derive(Event)` reads with the reference.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "the helpers are tests too")]

use es_core::{DecodeError, EventSet, SchemaVersion};
use schema_histories::{
    Dice, Form, History,
    payload::{self, Payload},
    reference::{self, Refusal},
};
use schema_histories_tests::{
    COUNT, SEED,
    generated::{All, DECODERS},
    words::{Decoder, Facts, Value},
};

const PAYLOADS: usize = 100;

fn all() -> Vec<History> {
    let histories = schema_histories::histories(SEED.parse().unwrap(), COUNT.parse().unwrap());
    println!("HISTORIES_SEED={SEED} draws these histories");
    assert_eq!(histories.len(), DECODERS.len());
    histories
}

fn schema_version(number: u32) -> SchemaVersion {
    SchemaVersion::new(number).unwrap()
}

fn payloads(history: &History) -> impl Iterator<Item = (u32, Payload, String)> {
    let mut dice = Dice::new(history.name.bytes().map(u64::from).sum());
    let versions = (1..=history.newest()).flat_map(|version| [version; PAYLOADS]);
    versions.map(move |version| {
        let payload = payload::random(&mut dice, history, version);
        let json = payload.json(&mut dice);
        (version, payload, json)
    })
}

/// The result of the reference, in the form of the macros.
fn expected(history: &History, version: u32, payload: &Payload) -> Result<Value, Option<(u32, u32)>> {
    reference::decode(history, version, payload).map_err(|refusal| match refusal {
        Refusal::Payload => None,
        Refusal::Step { from, to } => Some((from, to)),
    })
}

fn read(decoded: Result<Value, DecodeError>) -> Result<Value, Option<(u32, u32)>> {
    decoded.map_err(|error| match error {
        DecodeError::Payload(_) => None,
        DecodeError::Upcast { from, to, .. } => Some((from.get(), to.get())),
        other => panic!("no payload is refused like this: {other:?}"),
    })
}

#[test]
fn every_version_of_every_event_decodes_as_the_reference_does() {
    let (mut read_well, mut refused) = (0, 0);
    for (history, decoder) in all().iter().zip(DECODERS) {
        assert_eq!(history.name, decoder.name);
        for (version, payload, json) in payloads(history) {
            let expected = expected(history, version, &payload);
            let found = read((decoder.decode)(schema_version(version), json.as_bytes()));
            assert_eq!(found, expected, "{} in schema version {version}: {json}", history.name);
            if found.is_ok() { read_well += 1 } else { refused += 1 }
        }
    }
    assert!(read_well > 2 * refused && refused > 100, "{read_well} were read, {refused} were refused");
}

#[test]
fn an_upcast_event_is_the_same_after_it_is_written_and_read() {
    for (history, Decoder { decode, again, .. }) in all().iter().zip(DECODERS) {
        for (version, _, json) in payloads(history) {
            let version = schema_version(version);
            if let Ok(mut decoded) = decode(version, json.as_bytes()) {
                let mut written = again(version, json.as_bytes()).unwrap();
                for skipped in skipped(history) {
                    // The field is not stored: only the first event can have a value for it, from an older type.
                    decoded[skipped] = Value::Null;
                    written[skipped] = Value::Null;
                }
                assert_eq!(written, decoded, "{} in schema version {version}: {json}", history.name);
            }
        }
    }
}

fn skipped(history: &History) -> impl Iterator<Item = &str> {
    let lives = history.today().lives.iter().filter(|life| life.last().stored_form.skip);
    lives.map(|life| life.ident.as_str())
}

#[test]
fn a_feed_reads_an_event_by_its_name_and_each_alias_up_to_its_last_version() {
    for (history, decoder) in all().iter().zip(DECODERS) {
        for (version, _, json) in payloads(history).step_by(10) {
            let stored = schema_version(version);
            let set = |name: &str| {
                let mut read = Vec::new();
                All::decode("histories", name, stored, json.as_bytes(), |event| read.push(event.facts())).map(|()| read)
            };
            let one = (decoder.decode)(stored, json.as_bytes()).map(|event| vec![event]);
            assert_eq!(set(&history.name), one);
            for alias in &history.aliases {
                let known = schema_version(alias.up_to);
                let expected = if version <= alias.up_to { one.clone() } else { Err(DecodeError::Newer { known }) };
                assert_eq!(set(&alias.name), expected, "{} as {}", history.name, alias.name);
            }
        }
    }
}

#[test]
fn a_newer_schema_version_is_an_error_of_its_own() {
    for (history, decoder) in all().iter().zip(DECODERS) {
        let known = schema_version(history.newest());
        for version in [history.newest() + 1, u32::MAX] {
            assert_eq!((decoder.decode)(schema_version(version), b"{}"), Err(DecodeError::Newer { known }));
        }
    }
}

#[test]
fn the_histories_hold_every_kind_of_step() {
    let histories = all();
    let count = |holds: &dyn Fn(&History) -> bool| histories.iter().filter(|history| holds(history)).count();
    let life = |holds: &dyn Fn(&schema_histories::Life) -> bool| {
        count(&|history| history.generations.iter().flat_map(|generation| &generation.lives).any(holds))
    };
    let era = |holds: &dyn Fn(&schema_histories::Era) -> bool| life(&|life| life.eras.iter().any(holds));
    for (kind, count) in [
        ("added", life(&|life| life.added.as_ref().is_some_and(|(_, added)| !added.is_closure()))),
        ("added by a closure", life(&|life| life.added.as_ref().is_some_and(|(_, added)| added.is_closure()))),
        ("removed", life(&|life| life.removed.is_some() && life.added.is_none())),
        ("removed, once added", life(&|life| life.removed.is_some() && life.added.is_some())),
        (
            "renamed",
            life(&|life| life.eras.windows(2).any(|two| two[0].key != two[1].key && two[1].conversion.is_none())),
        ),
        ("changed", era(&|era| era.conversion.as_ref().is_some_and(|conversion| !conversion.may_fail()))),
        (
            "changed, or refused",
            era(&|era| era.conversion.as_ref().is_some_and(schema_histories::Conversion::may_fail)),
        ),
        (
            "changed and renamed",
            life(&|life| life.eras.windows(2).any(|two| two[0].key != two[1].key && two[1].conversion.is_some())),
        ),
        (
            "changed with an older `serde(…)`",
            life(&|life| {
                life.eras.windows(2).any(|two| two[1].conversion.is_some() && two[0].stored_form.codec.is_some())
            }),
        ),
        ("several steps on a field", life(&|life| life.eras.len() > 2)),
        ("rename", life(&|life| life.rename.is_some())),
        ("alias", life(&|life| !life.aliases.is_empty())),
        ("with", era(&|era| era.stored_form.codec.is_some() && !era.stored_form.deserialize_with)),
        ("deserialize_with", era(&|era| era.stored_form.codec.is_some() && era.stored_form.deserialize_with)),
        ("default", era(&|era| era.stored_form.absent.is_some())),
        ("flatten", era(&|era| era.stored_form.flatten)),
        ("skip", era(&|era| era.stored_form.skip)),
        ("rename_all", count(&|history| history.generations.iter().any(|generation| generation.rename_all.is_some()))),
        ("deny_unknown_fields", count(&|history| history.generations.iter().any(|generation| generation.deny_unknown))),
        (
            "tuple structs that change",
            count(&|history| {
                history
                    .generations
                    .iter()
                    .any(|generation| generation.form == Form::Tuple && generation.newest > generation.lowest)
            }),
        ),
        ("previous", count(&|history| history.generations.len() > 1)),
        ("previous twice", count(&|history| history.generations.len() > 2)),
        (
            "previous by `TryFrom`",
            count(&|history| {
                history.generations.iter().filter_map(|generation| generation.link.as_ref()).any(|link| link.fallible)
            }),
        ),
        (
            "previous below declared steps",
            count(&|history| {
                let today = history.today();
                history.generations.len() > 1 && today.newest > today.lowest
            }),
        ),
        ("an alias of the event", count(&|history| !history.aliases.is_empty())),
        ("a key freed and taken again", count(&freed_and_taken)),
    ] {
        assert!(count * 100 >= histories.len(), "{count} of {} histories have: {kind}", histories.len());
    }
    for newest in 2..=6 {
        assert!(count(&|history| history.newest() == newest) > 0, "no history has {newest} versions");
    }
}

fn freed_and_taken(history: &History) -> bool {
    history.generations.iter().any(|generation| {
        let versions = || generation.lowest..=generation.newest;
        let owners = |key: &str| {
            let fields = versions().flat_map(|version| generation.shape(version));
            fields.filter(|field| generation.key(*field) == key).map(|field| field.number).collect::<Vec<_>>()
        };
        let mut shapes = versions().flat_map(|version| generation.shape(version));
        shapes.any(|field| owners(&generation.key(field)).iter().any(|owner| *owner != field.number))
    })
}
