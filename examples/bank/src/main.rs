//! The program: books a ledger, then prints what was asked for.

mod args;
mod log;
mod print;
mod signals;
mod table;

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use bank::{
    domain::{Account, AccountEvent, Refusal, Withdraw},
    import::{Disagreement, import},
    overview::Overview,
    read_models::{NAMES, ReadModels},
    statement::{Statement, StatementError, Until},
};
use clap::Parser;
use es::{FollowError, ProjectionStatus, prelude::*};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Zoned;

use crate::{
    args::{Args, ProjectionsTask, Task},
    print::Run,
    signals::Signals,
};

/// How the program ends when nothing failed.
enum Outcome {
    Fine,
    Disagrees(Vec<Disagreement>),
    Refused(Refusal),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Disagrees(disagreements)) => {
            if let [first, more @ ..] = disagreements.as_slice() {
                let more = if more.is_empty() { String::new() } else { format!(", and {} more do", more.len()) };
                complain(&format!("{first}{more}"));
            }
            ExitCode::from(1)
        }
        Ok(Outcome::Refused(refusal)) => {
            complain(&refusal.to_string());
            ExitCode::from(3)
        }
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&with_sources(&*error));
            ExitCode::from(2)
        }
    }
}

async fn run(args: Args) -> Result<Outcome, Box<dyn Error>> {
    // The arguments are checked before anything is booked.
    let days = args.days()?;
    let (store, ledger) = args.store_and_ledger()?;
    let store = es::connect(store).await?;
    let mut run = Run::default();
    if let Some(ledger) = &ledger {
        let bar = progress_bar(ledger.rows().len());
        let start = Instant::now();
        let step = bar.clone();
        let imported = import(ledger, &store, move || step.inc(1)).await?;
        bar.finish_and_clear();
        run = Run { imported: Some(imported), seconds: start.elapsed().as_secs_f64() };
    }
    let out = &mut io::stdout().lock();
    let outcome = match args.task.unwrap_or(Task::Report) {
        Task::Report => {
            let start = Instant::now();
            let overview = Overview::read(&store).await?;
            if run.imported.is_none() {
                run.seconds = start.elapsed().as_secs_f64();
            }
            print::report(out, &overview, &run)?;
            Outcome::Fine
        }
        Task::Balances => {
            print::balances(out, &Overview::read(&store).await?)?;
            Outcome::Fine
        }
        Task::Account { id, at, version } => {
            let until = match (at, version) {
                (Some(day), _) => Until::Day(day),
                (None, Some(version)) => Until::Version(Version::new(version)),
                (None, None) => Until::Now,
            };
            print::account(out, id, &Statement::read(&store, id, until).await?)?;
            Outcome::Fine
        }
        Task::History { id } => {
            print::history(out, &Statement::read(&store, id, Until::Now).await?.lines)?;
            Outcome::Fine
        }
        Task::Turnover { csv, .. } => {
            print::turnover(out, &ReadModels::new(&store).turnover(days).await?, csv)?;
            Outcome::Fine
        }
        Task::Top { count, csv } => {
            print::top(out, &ReadModels::new(&store).top(count).await?, csv)?;
            Outcome::Fine
        }
        Task::Partners { id, csv } => {
            let partners = ReadModels::new(&store).partners(id).await?.ok_or(StatementError::Unknown(id))?;
            print::partners(out, &partners, csv)?;
            Outcome::Fine
        }
        Task::Projections { task: Some(ProjectionsTask::Rebuild { name }), .. } => {
            let bar = progress_bar(0);
            let models = ReadModels::new(&store);
            let told = |status: &ProjectionStatus| {
                bar.set_length(status.events);
                bar.set_position(status.events.saturating_sub(status.behind));
            };
            models.rebuild(&name, told).await?;
            bar.finish_and_clear();
            Outcome::Fine
        }
        Task::Projections { task: Some(ProjectionsTask::Follow), .. } => {
            let signals = Signals::new()?;
            writeln!(out, "keeping {} up to date until Ctrl-C or SIGTERM", NAMES.join(", "))?;
            out.flush()?;
            let stopped = |name: &str, error: &FollowError| {
                complain(&format!("projection `{name}` has stopped: {}", with_sources(error)));
            };
            ReadModels::new(&store).follow(signals.received(), stopped).await?;
            Outcome::Fine
        }
        Task::Projections { task: None, csv } => {
            print::projections(out, &ReadModels::new(&store).status().await?, csv)?;
            Outcome::Fine
        }
        Task::Withdraw { id, amount, on } => {
            let on = on.unwrap_or_else(|| Zoned::now().date());
            withdraw(out, &store, id, Withdraw { on, amount }).await?
        }
        Task::Log => {
            log::print(out, &store).await?;
            Outcome::Fine
        }
    };
    out.flush()?;
    let disagreements = run.imported.map(|imported| imported.disagreements).unwrap_or_default();
    match outcome {
        Outcome::Fine if !disagreements.is_empty() => Ok(Outcome::Disagrees(disagreements)),
        outcome => Ok(outcome),
    }
}

/// Withdraws cash from account `id` and prints the recorded events like its history.
async fn withdraw(
    out: &mut impl Write,
    store: &Arc<dyn EventStore>,
    id: bank::domain::AccountId,
    command: Withdraw,
) -> Result<Outcome, Box<dyn Error>> {
    let executed = match store.repository::<Account>().execute(&id, command).await {
        Err(ExecuteError::Refused(Refusal::NotOpen)) => return Err(StatementError::Unknown(id).into()),
        executed => executed?,
    };
    let lines = executed.events.iter().map(|recorded| bank::statement::Line {
        version: recorded.version,
        entry: (&recorded.event).into(),
        balance: executed.root.balance,
    });
    print::history(out, &lines.collect::<Vec<_>>())?;
    let refusal = executed.events.iter().find_map(|recorded| match &recorded.event {
        AccountEvent::WithdrawalRefused(event) => Some(event.refusal()),
        _ => None,
    });
    Ok(refusal.map_or(Outcome::Fine, Outcome::Refused))
}

/// A progress bar, visible only when stderr is a terminal.
fn progress_bar(rows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {per_sec}, {eta} left");
    ProgressBar::new(rows as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Prints a line on stderr and ignores a failure, which cannot be reported anywhere.
fn complain(message: &str) {
    let message = message.replace(['\n', '\r'], " ");
    drop(writeln!(io::stderr(), "{message}"));
}

fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Whether the reader of the output closed the pipe, as in `bank history 1 | head`.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let io_error = match error.downcast_ref::<csv::Error>().map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(error)) => Some(error),
        _ => error.downcast_ref::<io::Error>(),
    };
    io_error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
