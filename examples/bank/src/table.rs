//! Rows under a header: as CSV for other programs, or as a table for people.

use std::{
    io::{self, Write},
    iter,
};

/// The name of a column, and what it holds.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    /// Text: a table begins it on the left.
    Text(&'static str),
    /// Numbers: a table ends them on the right.
    Number(&'static str),
}

impl Column {
    fn name(self) -> String {
        let (Self::Text(name) | Self::Number(name)) = self;
        name.to_owned()
    }
}

/// Prints `rows` under their header, as CSV or as a table.
pub(crate) fn print<const N: usize>(
    out: &mut impl Write,
    csv: bool,
    columns: [Column; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), csv::Error> {
    let lines = iter::once(columns.map(Column::name)).chain(rows);
    if csv { as_csv(out, lines) } else { Ok(as_table(out, columns, lines)?) }
}

fn as_csv<const N: usize>(out: &mut impl Write, lines: impl Iterator<Item = [String; N]>) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(out);
    for line in lines {
        writer.write_record(&line)?;
    }
    Ok(writer.flush()?)
}

fn as_table<const N: usize>(
    out: &mut impl Write,
    columns: [Column; N],
    lines: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    let lines: Vec<_> = lines.map(|line| line.map(|cell| on_one_line(&cell))).collect();
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    for line in &lines {
        let mut gap = "";
        for ((cell, width), column) in line.iter().zip(widths).zip(columns) {
            match column {
                Column::Text(_) => write!(out, "{gap}{cell:<width$}")?,
                Column::Number(_) => write!(out, "{gap}{cell:>width$}")?,
            }
            gap = "  ";
        }
        writeln!(out)?;
    }
    Ok(())
}

/// `cell` with its line ends and other control characters escaped.
fn on_one_line(cell: &str) -> String {
    let escaped = |char: char| if char.is_control() { char.escape_default().to_string() } else { char.to_string() };
    cell.chars().map(escaped).collect()
}
