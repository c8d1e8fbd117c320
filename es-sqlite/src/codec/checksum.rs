//! Checksums over all that a row says, so that no damaged byte is taken for data.
//!
//! They cover the texts of the names, not the numbers that stand for them: a number that was changed into another valid one is
//! found, too. The hash is XXH3 with 64 bits, whose algorithm is fixed.

use es_core::ReadModelId;
use rusqlite::types::ValueRef;
use xxhash_rust::xxh3::xxh3_64;

/// What a row of `events` says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventFields<'a> {
    pub(crate) kind: KindHash,
    pub(crate) id: &'a [u8],
    pub(crate) position: i64,
    pub(crate) version: i64,
    pub(crate) schema_version: i64,
    pub(crate) together: i64,
    pub(crate) recorded_at: i64,
    pub(crate) event_id: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) metadata: Option<&'a [u8]>,
}

/// The hash of a category and of an event's name, which many rows share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindHash {
    category: u64,
    name: u64,
}

impl KindHash {
    pub(crate) fn of(category: &str, name: &str) -> Self {
        Self { category: xxh3_64(category.as_bytes()), name: xxh3_64(name.as_bytes()) }
    }
}

impl EventFields<'_> {
    pub(crate) fn checksum(&self) -> i64 {
        let Self { kind, id, position, version, schema_version, together, recorded_at, event_id, payload, metadata } =
            *self;
        let metadata = metadata.map_or([0, 0], |metadata| [1, xxh3_64(metadata)]);
        combine([
            kind.category,
            kind.name,
            xxh3_64(id),
            position.cast_unsigned(),
            version.cast_unsigned(),
            schema_version.cast_unsigned(),
            together.cast_unsigned(),
            recorded_at.cast_unsigned(),
            xxh3_64(event_id),
            xxh3_64(payload),
            metadata[0],
            metadata[1],
        ])
    }
}

/// The checksum of an idempotency key.
pub(crate) fn of_key(key: &str, digest: &[u8], outcome: &[u8], event: Option<&[u8]>) -> i64 {
    combine([key.as_bytes(), digest, outcome, event.unwrap_or_default()].map(xxh3_64))
}

/// The checksum of a snapshot: of its category, its id and its schema, of its version, its position and its recorded time, and
/// of its payload.
pub(crate) fn of_snapshot(texts: [&str; 3], place: [i64; 3], payload: &[u8]) -> i64 {
    let [category, id, schema] = texts.map(|text| xxh3_64(text.as_bytes()));
    let [version, position, recorded_at] = place.map(i64::cast_unsigned);
    combine([category, id, schema, version, position, recorded_at, xxh3_64(payload)])
}

/// The checksum of an incarnation: of its number and its start, of its id, and of the file that it began in.
pub(crate) fn of_incarnation(numbers: [i64; 2], id: &[u8], origin: &str) -> i64 {
    let [number, start] = numbers.map(i64::cast_unsigned);
    combine([number, start, xxh3_64(id), xxh3_64(origin.as_bytes())])
}

/// The checksum of the row of a write-ahead log: of its number and the schema version, of its salts, and of the incarnation.
pub(crate) fn of_wal_base(numbers: [i64; 2], salts: &[u8], incarnation: &[u8]) -> i64 {
    let [number, schema_version] = numbers.map(i64::cast_unsigned);
    combine([number, schema_version, xxh3_64(salts), xxh3_64(incarnation)])
}

/// The checksum of a row of a read model: of the name and the version of that, of its key, and of its state.
pub(crate) fn of_read_model_row(model: &ReadModelId, key: &str, state: &[u8]) -> i64 {
    combine([xxh3_64(model.name().as_bytes()), model.version().into(), xxh3_64(key.as_bytes()), xxh3_64(state)])
}

/// The checksum of the values of a row, in the order of its columns: each with its type, and a text or a blob with its length.
pub(crate) fn of_values<'a>(values: impl IntoIterator<Item = ValueRef<'a>>) -> i64 {
    let mut bytes = Vec::new();
    for value in values {
        let (kind, number, content): (u8, u64, &[u8]) = match value {
            ValueRef::Null => (0, 0, &[]),
            ValueRef::Integer(number) => (1, number.cast_unsigned(), &[]),
            ValueRef::Real(number) => (2, number.to_bits(), &[]),
            ValueRef::Text(text) => (3, text.len() as u64, text),
            ValueRef::Blob(blob) => (4, blob.len() as u64, blob),
        };
        bytes.push(kind);
        bytes.extend(number.to_le_bytes());
        bytes.extend(content);
    }
    xxh3_64(&bytes).cast_signed()
}

fn combine<const N: usize>(hashes: [u64; N]) -> i64 {
    let mut bytes = [0; 128];
    for (to, hash) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(hashes) {
        *to = hash.to_le_bytes();
    }
    xxh3_64(&bytes[..8 * N]).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: EventFields<'static> = EventFields {
        kind: KindHash { category: 1, name: 2 },
        id: b"4711",
        position: 3,
        version: 4,
        schema_version: 5,
        together: 6,
        recorded_at: 7,
        event_id: &[8; 16],
        payload: b"{}",
        metadata: Some(b"{}"),
    };

    #[test]
    fn every_field_changes_the_checksum() {
        let kind = |category, name| KindHash { category, name };
        let changed = [
            EventFields { kind: kind(0, 2), ..EVENT },
            EventFields { kind: kind(1, 0), ..EVENT },
            EventFields { kind: kind(2, 1), ..EVENT },
            EventFields { id: b"4712", ..EVENT },
            EventFields { position: 0, ..EVENT },
            EventFields { version: 0, ..EVENT },
            EventFields { schema_version: 0, ..EVENT },
            EventFields { together: 0, ..EVENT },
            EventFields { recorded_at: 0, ..EVENT },
            EventFields { event_id: &[9; 16], ..EVENT },
            EventFields { payload: b"[]", ..EVENT },
            EventFields { metadata: None, ..EVENT },
            EventFields { metadata: Some(b""), ..EVENT },
        ];
        let mut sums: Vec<_> = changed.iter().chain([&EVENT]).map(EventFields::checksum).collect();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), changed.len() + 1);
    }

    /// The numbers are from the Python package `xxhash`.
    #[test]
    fn checksums_are_those_that_files_hold() {
        let kind = KindHash { category: 12_618_800_837_608_587_475, name: 995_147_529_941_065_571 };
        assert_eq!(KindHash::of("account", "account.opened"), kind);
        assert_eq!(EVENT.checksum(), -6_226_024_513_416_293_466);
        assert_eq!(of_key("key", &[1; 32], b"done", None), 3_036_100_625_373_998_796);
        assert_eq!(of_snapshot(["account", "4711", "account 1"], [1, 2, 3], b"{}"), 7_288_834_269_297_057_528);
        assert_eq!(of_incarnation([1, 2], &[3; 16], "4:5"), -6_211_148_774_654_625_861);
        assert_eq!(of_wal_base([1, 2], &[3; 8], &[4; 16]), 5_355_177_875_867_804_257);
    }
}
