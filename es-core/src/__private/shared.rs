//! No two events of a set may share a stored name: found while compiling.

use super::{
    lift::same_text,
    listed::{Names, count},
};
use crate::schema::Member;

/// How many slots [`shared`] needs for the names of `members`.
pub const fn slots(members: &[Member]) -> usize {
    2 * count(members)
}

/// A name that an event shares with one listed before it.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    name: &'static str,
    with: usize,
}

/// For each of `members`, the name it shares with one before it.
///
/// Names are found by hash in `SLOTS` slots, since rustc gives up on comparing some hundred of them with each other.
pub const fn shared<const MEMBERS: usize, const SLOTS: usize>(members: &[Member]) -> [Option<Shared>; MEMBERS] {
    let mut shared = [None; MEMBERS];
    let mut seen: [Option<(u64, &'static str, usize)>; SLOTS] = [None; SLOTS];
    let mut member = 0;
    while member < MEMBERS {
        let mut names = Names::of(members[member].schema);
        while let Some(name) = names.next() {
            let name = name.text;
            let hash = hash(name);
            let mut slot = place(hash, SLOTS);
            while let Some((other, text, with)) = seen[slot] {
                if other == hash && same_text(text, name) {
                    if with != member {
                        shared[member] = Some(Shared { name, with });
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
    shared
}

/// Refuses to compile if the event at `index` shares a name; `types` are those of the events, as the user wrote them.
///
/// # Panics
/// While compiling, if it does.
#[track_caller]
pub const fn assert_own_names(shared: &[Option<Shared>], index: usize, types: &[&str]) {
    let Some(Shared { name, with }) = shared[index] else { return };
    let parts = [
        "`",
        types[index],
        "` and `",
        types[with],
        "` share the stored name or alias `",
        name,
        "`; give one of them a name of its own",
    ];
    let mut message = [0; 1024];
    let (mut length, mut part) = (0, 0);
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut byte = 0;
        while byte < bytes.len() && length < message.len() {
            message[length] = bytes[byte];
            length += 1;
            byte += 1;
        }
        part += 1;
    }
    match str::from_utf8(message.split_at(length).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("two events of this set share a stored name or alias; give one of them a name of its own"),
    }
}

/// FNV-1a.
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

#[expect(clippy::cast_possible_truncation, reason = "a slot only has to be the same each time")]
const fn place(hash: u64, slots: usize) -> usize {
    hash as usize % slots
}
