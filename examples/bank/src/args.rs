//! The command line.

use std::path::PathBuf;

use bank::{
    domain::{AccountId, Money},
    ledger::{Ledger, LedgerError},
    read_models::{Days, DaysError},
};
use clap::{Parser, Subcommand};
use jiff::civil::Date;

/// A bank whose accounts are event streams.
///
/// Amounts and balances are in minor units: hundredths. Ends with 1 when a balance is not the ledger's, with 2 after an
/// error, with 3 when the account refuses.
#[derive(Parser, Debug)]
#[command(name = "bank")]
pub(crate) struct Args {
    /// A CSV file of transactions to book first; rows that are booked already are recognised. Without it the small ledger of
    /// this program is booked, if the store is `memory:` or is not given.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,

    /// The URL of the store: `memory:`, `sqlite:FILE`, or `postgres://user@host/database` with the feature `postgres`. Without
    /// it the store is `sqlite:bank.db`, a file in the current folder, or with `--ledger` it is `memory:`.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store: Option<String>,

    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

/// The store if neither a store nor a ledger is given.
const BOOKS: &str = if cfg!(feature = "sqlite") { "sqlite:bank.db" } else { "memory:" };

impl Args {
    /// The URL of the store, and the ledger to book first.
    pub(crate) fn store_and_ledger(&self) -> Result<(&str, Option<Ledger>), LedgerError> {
        let store = match (&self.store, &self.ledger) {
            (Some(store), _) => store,
            (None, Some(_)) => "memory:",
            (None, None) => BOOKS,
        };
        let ledger = match &self.ledger {
            Some(file) => Some(Ledger::open(file)?),
            None if self.store.is_none() || store == "memory:" => Some(Ledger::small()?),
            None => None,
        };
        Ok((store, ledger))
    }

    /// The days that the task is about: all of them, unless it says.
    pub(crate) fn days(&self) -> Result<Days, DaysError> {
        match self.task {
            Some(Task::Turnover { from, to, .. }) => Days::new(from, to),
            _ => Ok(Days::ALL),
        }
    }
}

/// What to do once the ledger is booked.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum Task {
    /// Prints what the store holds, and where its balances are not the ledger's.
    Report,
    /// Prints every account's balance, as CSV.
    Balances,
    /// Prints an account, now or as it was.
    #[command(disable_version_flag = true)]
    Account {
        /// Its number.
        id: AccountId,
        /// As of the end of that day, by the days of the ledger.
        #[arg(long, value_name = "DATE", conflicts_with = "version")]
        at: Option<Date>,
        /// As of that version.
        #[arg(long, value_name = "N")]
        version: Option<u64>,
    },
    /// Prints one line for each event of an account: version, day, kind, amount, balance after it.
    History {
        /// Its number.
        id: AccountId,
    },
    /// Prints a line for each day on which something was booked: what came in, what went out, and in how many rows.
    Turnover {
        /// The first day.
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// The last day, which is included.
        #[arg(long, value_name = "DATE")]
        to: Option<Date>,
        /// As CSV, and not as a table.
        #[arg(long)]
        csv: bool,
    },
    /// Prints the accounts with the highest balances, the highest first; equal ones by their numbers.
    Top {
        /// How many at most.
        #[arg(value_name = "N")]
        count: usize,
        /// As CSV, and not as a table.
        #[arg(long)]
        csv: bool,
    },
    /// Prints a line for each partner of an account: what came in from it, what went out to it, and in how many rows.
    Partners {
        /// The account's number.
        id: AccountId,
        /// As CSV, and not as a table.
        #[arg(long)]
        csv: bool,
    },
    /// Prints a line for each read model: its version, what it is doing, and how far it has come.
    Projections {
        #[command(subcommand)]
        task: Option<ProjectionsTask>,
        /// As CSV, and not as a table.
        #[arg(long)]
        csv: bool,
    },
    /// Withdraws cash, if the account allows it; a refusal is recorded too.
    Withdraw {
        /// The account's number.
        id: AccountId,
        /// The amount in minor units.
        #[arg(value_parser = positive)]
        amount: Money,
        /// The day it is booked; today when absent.
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
    },
    /// Prints the log as it is stored: one JSON object for each event.
    Log,
}

/// What to do with a read model.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum ProjectionsTask {
    /// Keeps the read models up to date until Ctrl-C or SIGTERM, and then ends with 0.
    ///
    /// Meanwhile the other commands find them up to date. It finishes what is under way and gives the read models back, so that
    /// another program keeps them up to date at once. A read model that stops is reported on stderr; the others go on.
    Follow,
    /// Empties a read model and builds it anew from the log.
    Rebuild {
        /// Its name.
        name: String,
    },
}

fn positive(text: &str) -> Result<Money, String> {
    match text.parse() {
        Ok(amount) if amount > Money::ZERO => Ok(amount),
        _ => Err(String::from("an amount is a positive whole number of minor units")),
    }
}
