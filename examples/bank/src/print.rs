//! What the program prints.

use std::io::{self, Write};

use bank::{
    domain::AccountId,
    import::Imported,
    overview::Overview,
    read_models::{Balance, Partners, Turnover},
    statement::{Line, Statement},
};
use es::ProjectionStatus;
use jiff::civil::Date;

use crate::table::{self, Column};

/// The result of the import, if there was one, and the time that the work took.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) imported: Option<Imported>,
    pub(crate) seconds: f64,
}

/// The report, as `key: value` lines.
pub(crate) fn report(out: &mut impl Write, overview: &Overview, run: &Run) -> io::Result<()> {
    let rows = run.imported.as_ref().map_or_else(|| overview.booked(), |imported| imported.rows);
    // Without a ledger the work was reading.
    let events = run.imported.as_ref().map_or(overview.events, |imported| imported.events);
    writeln!(out, "accounts: {}", overview.accounts.len())?;
    writeln!(out, "rows: {rows}")?;
    if let Some(imported) = &run.imported {
        writeln!(out, "already booked: {}", imported.already_booked)?;
    }
    writeln!(out, "events: {}", overview.events)?;
    match overview.days {
        Some((first, last)) => writeln!(out, "first day: {first}\nlast day: {last}")?,
        None => writeln!(out, "first day: none\nlast day: none")?,
    }
    writeln!(out, "sum of balances: {}", overview.balances())?;
    if let Some(imported) = &run.imported {
        writeln!(out, "disagreements: {}", imported.disagreements.len())?;
    }
    match per_second(events, run.seconds) {
        Some(rate) => writeln!(out, "events per second: {rate}"),
        // No rate if nothing was done, as when every row was booked already.
        None => writeln!(out, "events per second: none"),
    }
}

/// Every account's balance, as CSV.
pub(crate) fn balances(out: &mut impl Write, overview: &Overview) -> io::Result<()> {
    writeln!(out, "account_id,balance_minor,version")?;
    for (id, (account, version)) in &overview.accounts {
        writeln!(out, "{id},{},{version}", account.balance)?;
    }
    Ok(())
}

/// One account, as `key: value` lines.
pub(crate) fn account(out: &mut impl Write, id: AccountId, statement: &Statement) -> io::Result<()> {
    let account = &statement.account;
    writeln!(out, "account: {id}")?;
    if let Some(day) = account.opened_on {
        writeln!(out, "opened: {day}")?;
    }
    writeln!(out, "balance_minor: {}", account.balance)?;
    writeln!(out, "version: {}", statement.version)?;
    writeln!(out, "transactions: {}", account.booked.len())?;
    writeln!(out, "refused withdrawals: {}", account.refusals)
}

/// One line for each event: version, day, kind, amount, balance after it.
pub(crate) fn history(out: &mut impl Write, lines: &[Line]) -> io::Result<()> {
    for Line { version, entry, balance, .. } in lines {
        let (on, kind, amount) = (entry.on, entry.kind, entry.amount);
        writeln!(out, "{version:>4}  {on}  {kind:<19}  {:>12}  {:>12}", amount.minor(), balance.minor())?;
    }
    Ok(())
}

/// One line for each day.
pub(crate) fn turnover(out: &mut impl Write, days: &[(Date, Turnover)], csv: bool) -> Result<(), csv::Error> {
    let columns = [
        Column::Text("day"),
        Column::Number("credited_minor"),
        Column::Number("debited_minor"),
        Column::Number("rows"),
    ];
    let rows = days.iter().map(|(day, turnover)| {
        let [credited, debited, rows] = cells(*turnover);
        [day.to_string(), credited, debited, rows]
    });
    table::print(out, csv, columns, rows)
}

/// One line for each account.
pub(crate) fn top(out: &mut impl Write, accounts: &[(AccountId, Balance)], csv: bool) -> Result<(), csv::Error> {
    let columns = [Column::Number("account_id"), Column::Number("balance_minor")];
    let rows = accounts.iter().map(|(id, row)| [id.to_string(), row.balance.to_string()]);
    table::print(out, csv, columns, rows)
}

/// One line for each partner.
pub(crate) fn partners(out: &mut impl Write, partners: &Partners, csv: bool) -> Result<(), csv::Error> {
    let columns = [
        Column::Text("partner_bank"),
        Column::Text("partner_account"),
        Column::Number("credited_minor"),
        Column::Number("debited_minor"),
        Column::Number("rows"),
    ];
    let rows = partners.iter().map(|(bank, account, turnover)| {
        let [credited, debited, rows] = cells(turnover);
        [bank.to_owned(), account.to_owned(), credited, debited, rows]
    });
    table::print(out, csv, columns, rows)
}

/// One line for each read model.
pub(crate) fn projections(out: &mut impl Write, statuses: &[ProjectionStatus], csv: bool) -> Result<(), csv::Error> {
    let columns = [
        Column::Text("name"),
        Column::Number("version"),
        Column::Text("state"),
        Column::Number("position"),
        Column::Number("behind"),
    ];
    let rows = statuses.iter().map(|status| {
        let ProjectionStatus { name, version, state, handled, behind, .. } = status;
        [(*name).to_owned(), version.to_string(), state.to_string(), handled.to_string(), behind.to_string()]
    });
    table::print(out, csv, columns, rows)
}

fn cells(Turnover { credited, debited, rows }: Turnover) -> [String; 3] {
    [credited.to_string(), debited.to_string(), rows.to_string()]
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people to read; `as` stops at the bounds"
)]
fn per_second(events: u64, seconds: f64) -> Option<u64> {
    (events > 0).then(|| (events as f64 / seconds) as u64)
}
