//! The program: a conference with ten seats left, and 64 tasks that book one.

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;
use es::prelude::*;
use seats::{
    conference::{BookOrWait, Cancel, Close, Conference, Open},
    rush::rush,
};
use uuid::Uuid;

/// Seats of a conference: 64 tasks on the last 10, cancellations, a waiting list.
#[derive(Parser, Debug)]
#[command(name = "seats")]
struct Args {
    /// The URL of the store: `memory:`, `sqlite:FILE`, or `postgres://user@host/database` with the feature `postgres`.
    #[arg(long, value_name = "URL", default_value = "memory:")]
    store: String,
    /// The number of seats that are left.
    #[arg(long, value_name = "N", default_value_t = 10)]
    seats: usize,
    /// The number of tasks that book one concurrently.
    #[arg(long, value_name = "N", default_value_t = 64)]
    tasks: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output closed the pipe.
        Err(error) if error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut message = error.to_string();
            let mut source = error.source();
            while let Some(error) = source {
                message.push_str(": ");
                message.push_str(&error.to_string());
                source = error.source();
            }
            drop(writeln!(io::stderr(), "{message}"));
            ExitCode::from(2)
        }
    }
}

async fn run(Args { store, seats, tasks }: Args) -> Result<(), Box<dyn Error>> {
    let store = es::connect(&store).await?;
    let conferences = store.repository::<Conference>();
    let out = &mut io::stdout().lock();

    let id = Uuid::now_v7();
    conferences.execute(&id, Open { seats }).await?;
    writeln!(out, "conference {id}")?;
    let rush = rush(&store, id, tasks).await?;
    writeln!(out, "{tasks} tasks, {seats} seats: {} booked, {} refused", rush.booked, rush.refused)?;

    for attendee in ["Alice", "Bob"] {
        let done = conferences.execute(&id, BookOrWait { attendee: attendee.to_owned() }).await?;
        let waits = done.root.seating()?.waiting.iter().any(|waiting| waiting == attendee);
        writeln!(out, "{attendee} {}", if waits { "waits" } else { "has a seat" })?;
    }
    let seated = conferences.load(&id).await?.seating()?.seated.first().cloned();
    if let Some(attendee) = seated {
        let done = conferences.execute(&id, Cancel { attendee: attendee.clone() }).await?;
        let seating = done.root.seating()?;
        let alice = if seating.seated.contains("Alice") { "has a seat" } else { "waits" };
        writeln!(out, "{attendee} cancels: Alice {alice}, {} wait, {} free", seating.waiting.len(), seating.free())?;
    }
    let closed = conferences.execute(&id, Close).await?;
    writeln!(out, "closed at version {}", closed.root.version())?;
    out.flush()?;
    Ok(())
}
