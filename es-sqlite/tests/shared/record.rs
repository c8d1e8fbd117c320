//! What a writing process sent, was answered and saw, as lines; and the check of it against the file.
//!
//! The check reads the tables with SQL of its own, and shares no code with the store.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use es_core::{
    Append, AppendError, Appended, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId, Version,
};
use es_sqlite::{SqliteStore, rusqlite::Connection};
use uuid::Uuid;

use super::{process::say, random::Random};

/// The payload of the event with this id.
fn payload(id: Uuid) -> String {
    format!(r#"{{"id":"{id}"}}"#)
}

/// An event of the tests.
pub(crate) fn event() -> NewEvent {
    let id = Uuid::now_v7();
    let name = EventName::from_static("life.noted").unwrap();
    NewEvent::from_json(id, name, SchemaVersion::FIRST, payload(id)).unwrap()
}

/// An append of `events` events to a stream.
pub(crate) fn append(id: &str, expected: Expected, events: u64) -> Append {
    Append::new(StreamId::new("life", id).unwrap(), expected, (0..events).map(|_| event()).collect())
}

/// Appends at random to a few streams for ever, and says each append before it is sent and after it is answered.
pub(crate) async fn append_at_random(store: SqliteStore) {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    let mut random = Random::new();
    let mut known: HashMap<StreamId, Version> = HashMap::new();
    loop {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let (first, streams) = (random.below(6), 1 + random.below(3));
        let mut line = format!("sent {number}");
        let mut appends = Vec::new();
        for stream in first..first + streams {
            let id = (stream % 6).to_string();
            let stream = StreamId::new("life", &id).unwrap();
            let expected = match random.below(4) {
                0 => Expected::Any,
                _ => Expected::Exact(known.get(&stream).copied().unwrap_or_default()),
            };
            let one = append(&id, expected, 1 + random.below(4));
            let ids: Vec<_> = one.events.iter().map(|event| event.id().to_string()).collect();
            write!(line, " {stream}={}", ids.join(",")).unwrap();
            appends.push(one);
        }
        say(&line);
        match store.append(appends.into()).await {
            Ok(answers) => {
                let mut line = format!("done {number}");
                for Appended { stream, version, positions, .. } in answers {
                    let positions: Vec<_> = positions.iter().map(ToString::to_string).collect();
                    write!(line, " {stream}={version}@{}", positions.join(",")).unwrap();
                    known.insert(stream, version);
                }
                say(&line);
            }
            Err(AppendError::Unknown(_)) => say(&format!("unknown {number}")),
            Err(error) => {
                say(&format!("refused {number}"));
                match error {
                    AppendError::Conflict(conflict) => {
                        known.extend(
                            conflict.violations().filter_map(|one| Some((one.stream()?.clone(), one.actual()?))),
                        );
                    }
                    AppendError::Store(_) => {}
                    error => panic!("{error}"),
                }
            }
        }
    }
}

/// The records of all processes that wrote to a file.
#[derive(Default)]
pub(crate) struct Records {
    sent: Vec<Sent>,
    /// What each subscription saw, in its order.
    seen: Vec<Vec<(u64, Uuid)>>,
}

/// An append that was sent.
struct Sent {
    streams: Vec<(String, Vec<Uuid>)>,
    answer: Answer,
}

enum Answer {
    Unknown,
    Refused,
    /// The last version and the positions in each stream.
    Done(Vec<(u64, Vec<u64>)>),
}

/// How many appends had which end.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) done: usize,
    pub(crate) refused: usize,
    pub(crate) unknown: usize,
    pub(crate) seen: usize,
    /// How many of those that were acknowledged are not stored.
    pub(crate) lost: usize,
}

impl Records {
    /// Adds the lines of one process.
    pub(crate) fn add(&mut self, lines: &[String]) {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut seen = Vec::new();
        for line in lines {
            let mut words = line.split(' ');
            match (words.next().unwrap(), words.next().unwrap()) {
                ("sent", number) => {
                    let ids = |ids: &str| ids.split(',').map(|id| id.parse().unwrap()).collect();
                    let streams = words.map(|word| word.split_once('=').unwrap());
                    let streams = streams.map(|(stream, list)| (stream.to_owned(), ids(list))).collect();
                    numbers.insert(number, self.sent.len());
                    self.sent.push(Sent { streams, answer: Answer::Unknown });
                }
                ("done", number) => {
                    let answers = words.map(|word| word.split_once('=').unwrap().1.split_once('@').unwrap());
                    let positions = |list: &str| list.split(',').map(|position| position.parse().unwrap()).collect();
                    let answers = answers.map(|(version, list)| (version.parse().unwrap(), positions(list)));
                    self.sent[numbers[number]].answer = Answer::Done(answers.collect());
                }
                ("refused", number) => self.sent[numbers[number]].answer = Answer::Refused,
                ("unknown", _) => {}
                ("seen", position) => seen.push((position.parse().unwrap(), words.next().unwrap().parse().unwrap())),
                _ => panic!("no such line: {line}"),
            }
        }
        self.seen.push(seen);
    }

    /// Checks everything that was recorded against the log.
    pub(crate) fn check(&self, log: &[Row]) -> Result<Counts, String> {
        let counts = self.check_with_losses(log)?;
        if counts.lost > 0 {
            Err(format!("{} appends were acknowledged and are not stored", counts.lost))
        } else {
            Ok(counts)
        }
    }

    /// Checks everything that was recorded against the log, which may lack whole appends that were acknowledged.
    pub(crate) fn check_with_losses(&self, log: &[Row]) -> Result<Counts, String> {
        check_log(log)?;
        let places: HashMap<Uuid, &Row> = log.iter().map(|row| (row.id, row)).collect();
        let known: HashSet<Uuid> =
            self.sent.iter().flat_map(|sent| &sent.streams).flat_map(|(_, ids)| ids).copied().collect();
        if let Some(row) = log.iter().find(|row| !known.contains(&row.id)) {
            return Err(format!("position {} was sent by nobody", row.position));
        }
        let mut counts = Counts::default();
        for sent in &self.sent {
            counts.lost += usize::from(sent.check(&places)?);
            match sent.answer {
                Answer::Unknown => counts.unknown += 1,
                Answer::Refused => counts.refused += 1,
                Answer::Done(_) => counts.done += 1,
            }
        }
        for seen in &self.seen {
            counts.seen += seen.len();
            for two in seen.windows(2) {
                if two[1].0 != two[0].0 + 1 {
                    return Err(format!("a subscription saw {} after {}", two[1].0, two[0].0));
                }
            }
            let other = seen.iter().find(|(position, id)| match places.get(id) {
                Some(row) => row.position != *position,
                None => counts.lost == 0,
            });
            if let Some((position, _)) = other {
                return Err(format!("a subscription saw another event at position {position}"));
            }
        }
        Ok(counts)
    }
}

impl Sent {
    /// Whether it was acknowledged and is not stored.
    fn check(&self, places: &HashMap<Uuid, &Row>) -> Result<bool, String> {
        let ids: Vec<Uuid> = self.streams.iter().flat_map(|(_, ids)| ids).copied().collect();
        let stored: Vec<&Row> = ids.iter().filter_map(|id| places.get(id).copied()).collect();
        let first = ids[0];
        match (&self.answer, stored.len()) {
            (Answer::Unknown | Answer::Refused, 0) => return Ok(false),
            (Answer::Refused, _) => return Err(format!("append `{first}` was refused and is stored")),
            (Answer::Done(_), 0) => return Ok(true),
            (_, count) if count < ids.len() => return Err(format!("append `{first}` is stored in part")),
            _ => {}
        }
        if stored.windows(2).any(|two| two[1].position != two[0].position + 1) {
            return Err(format!("something is between the events of append `{first}`"));
        }
        for (number, (stream, ids)) in self.streams.iter().enumerate() {
            let rows: Vec<&Row> = ids.iter().map(|id| places[id]).collect();
            if rows.iter().any(|row| row.stream != *stream) {
                return Err(format!("append `{first}` is in another stream"));
            }
            if let Answer::Done(answers) = &self.answer {
                let found = (rows.last().unwrap().version, rows.iter().map(|row| row.position).collect());
                if answers[number] != found {
                    return Err(format!("append `{first}` is at {found:?} and was answered {:?}", answers[number]));
                }
            }
        }
        Ok(false)
    }
}

/// An event as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) version: u64,
    pub(crate) id: Uuid,
    pub(crate) payload: String,
}

/// Reads the log in the file at `path`.
pub(crate) fn log(path: &Path) -> Vec<Row> {
    log_of(&Connection::open(path).unwrap())
}

/// Reads the log that `connection` sees.
pub(crate) fn log_of(connection: &Connection) -> Vec<Row> {
    let sql = "SELECT position, category || '/' || events.id, version, event_id, payload
               FROM events JOIN kinds USING (kind) ORDER BY position";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(Row {
            position: row.get::<_, i64>(0)?.cast_unsigned(),
            stream: row.get(1)?,
            version: row.get::<_, i64>(2)?.cast_unsigned(),
            id: Uuid::from_bytes(row.get(3)?),
            payload: row.get(4)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Checks that positions and the versions of each stream are 1, 2, 3 …, and that each payload is the one that was sent.
pub(crate) fn check_log(log: &[Row]) -> Result<(), String> {
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut ids = HashSet::new();
    for (row, position) in log.iter().zip(1..) {
        let version = versions.entry(&row.stream).or_default();
        *version += 1;
        if (row.position, row.version) != (position, *version) {
            return Err(format!("{row:?} is at position {position}, version {version}"));
        }
        if !ids.insert(row.id) || row.payload != payload(row.id) {
            return Err(format!("{row:?} is there twice or has another payload"));
        }
    }
    Ok(())
}
