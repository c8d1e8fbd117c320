//! Finds name clashes at compile time: no two events of a set may share a stored name.

use super::{
    lookup::{Names, count},
    refuse::refuse,
    upcast::same_text,
};
use crate::event::schema::Member;

/// Counts the slots that [`name_clashes`] needs for the names of `members`.
pub const fn slots(members: &[Member]) -> usize {
    2 * count(members)
}

/// A name that an event shares with one that is listed before it.
#[derive(Clone, Copy, Debug)]
pub struct NameClash {
    name: &'static str,
    with: usize,
}

/// Finds for each of `members` the name that it shares with one before it.
///
/// It looks names up by hash in `SLOTS` slots, since rustc refuses to compare some hundreds of them pairwise.
pub const fn name_clashes<const MEMBERS: usize, const SLOTS: usize>(
    members: &[Member],
) -> [Option<NameClash>; MEMBERS] {
    let mut clashes = [None; MEMBERS];
    let mut seen: [Option<(u64, &'static str, usize)>; SLOTS] = [None; SLOTS];
    let mut member = 0;
    while member < MEMBERS {
        let mut names = Names::of(members[member].schema);
        while let Some(name) = names.next() {
            let name = name.text;
            let hash = hash(name);
            let mut slot = slot_of(hash, SLOTS);
            while let Some((other, text, with)) = seen[slot] {
                if other == hash && same_text(text, name) {
                    if with != member {
                        clashes[member] = Some(NameClash { name, with });
                    }
                    break;
                }
                slot = (slot + 1) % SLOTS;
            }
            if seen[slot].is_none() {
                seen[slot] = Some((hash, name, member));
            }
        }
        member += 1;
    }
    clashes
}

/// Fails to compile if the event at `index` shares a name; `types` are the events, as written in the source.
///
/// # Panics
/// At compile time.
#[track_caller]
pub const fn assert_no_clash(clashes: &[Option<NameClash>], index: usize, types: &[&str]) {
    let Some(NameClash { name, with }) = clashes[index] else { return };
    refuse!(
        "`",
        types[index],
        "` and `",
        types[with],
        "` share the stored name or alias `",
        name,
        "`; give one of them a name of its own",
    );
}

/// Hashes by FNV-1a.
const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut byte = 0;
    while byte < bytes.len() {
        hash = (hash ^ bytes[byte] as u64).wrapping_mul(0x0100_0000_01b3);
        byte += 1;
    }
    hash
}

#[expect(clippy::cast_possible_truncation, reason = "any slot will do, as long as it is always the same")]
const fn slot_of(hash: u64, slots: usize) -> usize {
    hash as usize % slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        May, SchemaVersion,
        schema::{Alias, Schema},
    };

    const fn schema(name: &'static str, aliases: &'static [Alias], previous: Option<&'static Schema>) -> Schema {
        Schema { name, schema_version: SchemaVersion::FIRST, aliases, shapes: &[], previous, types: |_| {} }
    }

    const fn member(schema: &'static Schema) -> Member {
        Member { schema, retired: false, becomes: May::All }
    }

    const fn alias(name: &'static str) -> Alias {
        Alias { name, up_to: SchemaVersion::FIRST }
    }

    /// The names of a thousand events, all different but the last, which is that of event 7.
    const MANY: usize = 1000;
    static NAMES: [[u8; 5]; MANY] = {
        let mut names = [*b"e.000"; MANY];
        let mut name = 0;
        while name < MANY {
            let number = if name == MANY - 1 { 7 } else { name };
            names[name] = [b'e', b'.', digit(number / 100), digit(number / 10), digit(number)];
            name += 1;
        }
        names
    };
    static SCHEMAS: [Schema; MANY] = {
        let mut schemas = [schema("", &[], None); MANY];
        let mut event = 0;
        while event < MANY {
            let Ok(name) = str::from_utf8(&NAMES[event]) else { panic!("digits are UTF-8") };
            schemas[event] = schema(name, &[], None);
            event += 1;
        }
        schemas
    };
    static MEMBERS: [Member; MANY] = {
        let mut members = [member(&SCHEMAS[0]); MANY];
        let mut event = 0;
        while event < MANY {
            members[event] = member(&SCHEMAS[event]);
            event += 1;
        }
        members
    };
    // Found at compile time: rustc would refuse to compile this if it took too long.
    static CLASHES: [Option<NameClash>; MANY] = name_clashes::<MANY, { slots(&MEMBERS) }>(&MEMBERS);

    #[expect(clippy::cast_possible_truncation, reason = "it is below ten")]
    const fn digit(number: usize) -> u8 {
        b'0' + (number % 10) as u8
    }

    #[test]
    fn a_name_clash_among_a_thousand_events_is_found_at_compile_time() {
        let found: Vec<_> = CLASHES.iter().enumerate().filter_map(|(at, clash)| Some((at, (*clash)?.with))).collect();
        assert_eq!(found, [(MANY - 1, 7)]);
    }

    #[test]
    fn aliases_clash_too_also_those_of_previous_types() {
        const BEGUN: &[Alias] = &[alias("begun")];
        const STARTED: &[Alias] = &[alias("started")];
        const BEGUN_AND_ENDED: &[Alias] = &[alias("begun"), alias("ended")];
        static OLDER: Schema = schema("opened", BEGUN, None);
        static SCHEMAS: [Schema; 3] = [
            schema("opened", STARTED, Some(&OLDER)),
            schema("started", &[], None),
            schema("closed", BEGUN_AND_ENDED, None),
        ];
        static MEMBERS: [Member; 3] = [member(&SCHEMAS[0]), member(&SCHEMAS[1]), member(&SCHEMAS[2])];
        let clashes = name_clashes::<3, 12>(&MEMBERS);
        let with = |at: usize| clashes[at].map(|clash| (clash.name, clash.with));
        assert_eq!([with(0), with(1), with(2)], [None, Some(("started", 0)), Some(("begun", 0))]);
    }

    #[test]
    #[should_panic(expected = "`Closed` and `Opened` share the stored name or alias `opened`; give")]
    fn the_message_names_both_events_and_the_name() {
        static OPENED: Schema = schema("opened", &[], None);
        let clashes = name_clashes::<2, 4>(&[member(&OPENED), member(&OPENED)]);
        assert_no_clash(&clashes, 0, &["Opened", "Closed"]);
        assert_no_clash(&clashes, 1, &["Opened", "Closed"]);
    }
}
