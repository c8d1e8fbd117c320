//! No two events of a set may share a stored name: found while compiling.

use super::listed::count;
use crate::schema::Schema;

/// How many slots [`shared`] needs for the names of `events`.
pub const fn slots(events: &[&Schema]) -> usize {
    2 * count(events)
}

/// A name that an event shares with one listed before it.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    name: &'static str,
    with: usize,
}

/// For each of `events`, the name it shares with one before it.
///
/// Names are found by hash in `SLOTS` slots, since rustc gives up on comparing some hundred of them with each other.
pub const fn shared<const EVENTS: usize, const SLOTS: usize>(events: &[&Schema]) -> [Option<Shared>; EVENTS] {
    let mut shared = [None; EVENTS];
    let mut seen: [Option<(u64, &'static str, usize)>; SLOTS] = [None; SLOTS];
    let mut event = 0;
    while event < EVENTS {
        let Schema { name, aliases, .. } = events[event];
        let mut next = 0;
        while next <= aliases.len() {
            let name = if next == 0 { name } else { aliases[next - 1].name };
            let hash = hash(name);
            let mut slot = place(hash, SLOTS);
            loop {
                match seen[slot] {
                    Some((other, text, with)) => {
                        if other == hash && same(text, name) {
                            if with != event {
                                shared[event] = Some(Shared { name, with });
                            }
                            break;
                        }
                        slot = (slot + 1) % SLOTS;
                    }
                    None => {
                        seen[slot] = Some((hash, name, event));
                        break;
                    }
                }
            }
            next += 1;
        }
        event += 1;
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

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut byte = 0;
    while byte < one.len() {
        if one[byte] != other[byte] {
            return false;
        }
        byte += 1;
    }
    true
}
