//! The bytes of a file as rows.

use std::{collections::HashMap, str};

use csv::{ByteRecord, Position, ReaderBuilder};

use super::{Mistake, Row, row::COLUMNS};
use crate::domain::TransactionId;

/// All rows in `bytes`, or the first mistake and its line.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Row>, (u64, Mistake)> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines::new(bytes);
    let mut record = ByteRecord::new();
    let mut header: Option<Header> = None;
    let mut rows = Rows::default();
    // Reading from memory, the reader has no error but the end.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let start = offset(record.position());
        let line = lines.at(start);
        let end = offset(Some(reader.position()));
        let located = |mistake| (line, mistake);
        if end == bytes.len() && is_unclosed(&bytes[start..]) {
            return Err((line, Mistake::Unclosed));
        }
        match &header {
            None => header = Some(Header::read(&record).map_err(located)?),
            Some(header) => rows.push(header.row(line, &record).map_err(located)?).map_err(located)?,
        }
    }
    if header.is_none() {
        return Err((1, Mistake::Empty));
    }
    Ok(rows.rows)
}

/// The place of each column in the records of a file.
struct Header {
    columns: [usize; COLUMNS.len()],
    fields: usize,
}

impl Header {
    fn read(record: &ByteRecord) -> Result<Self, Mistake> {
        let mut columns = [0; COLUMNS.len()];
        for (place, name) in columns.iter_mut().zip(COLUMNS) {
            let mut found = record.iter().enumerate().filter(|(_, field)| *field == name.as_bytes());
            *place = found.next().ok_or(Mistake::ColumnMissing(name))?.0;
            if found.next().is_some() {
                return Err(Mistake::ColumnTwice(name));
            }
        }
        Ok(Self { columns, fields: record.len() })
    }

    fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, Mistake> {
        if record.len() != self.fields {
            return Err(Mistake::Fields { expected: self.fields, found: record.len() });
        }
        let mut fields = [""; COLUMNS.len()];
        for ((field, place), name) in fields.iter_mut().zip(self.columns).zip(COLUMNS) {
            *field = str::from_utf8(&record[place]).map_err(|_| Mistake::NotUtf8(name))?;
        }
        Row::from_fields(line, &fields)
    }
}

/// The rows so far, and the place of each transaction in them.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    places: HashMap<TransactionId, usize>,
}

impl Rows {
    fn push(&mut self, row: Row) -> Result<(), Mistake> {
        let transaction = row.transaction.id;
        let place = *self.places.entry(transaction).or_insert(self.rows.len());
        if let Some(first) = self.rows.get(place)
            && (first.account != row.account || first.transaction != row.transaction)
        {
            return Err(Mistake::TransactionTwice { transaction, first: first.line });
        }
        self.rows.push(row);
        Ok(())
    }
}

/// Line numbers by offset, for offsets that rise. The reader's own are one short behind a line end of two bytes.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1 }
    }

    /// The line of the first byte at or after `start` that ends no line.
    fn at(&mut self, start: usize) -> u64 {
        let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let start = start + self.bytes[start..].iter().take_while(is_end).count();
        self.line += self.bytes[self.offset..start].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.offset = start;
        self.line
    }
}

fn offset(position: Option<&Position>) -> usize {
    position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX))
}

/// Whether the last record of a file opens a quote that it does not close; the reader takes the rest as its field.
fn is_unclosed(record: &[u8]) -> bool {
    record.iter().fold(false, |open, byte| open != (*byte == b'"'))
}
