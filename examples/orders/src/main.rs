//! The program: two orders from creation to the end, and requests that the shop refuses.

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;
use es::prelude::*;
use orders::{
    customer::{Deactivate, Register},
    order::{AddItem, Cancel, Item, Pay, RemoveItem, ReversePayment, Ship},
    shop::Shop,
};
use uuid::Uuid;

/// Orders of a shop: created, filled, paid, reversed, shipped, cancelled.
#[derive(Parser, Debug)]
#[command(name = "orders")]
struct Args {
    /// The URL of the store: `memory:`, `sqlite:FILE`, or `postgres://user@host/database` with the feature `postgres`.
    #[arg(long, value_name = "URL", default_value = "memory:")]
    store: String,
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

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let shop = Shop::new(es::connect(&args.store).await?);
    let out = &mut io::stdout().lock();

    let customer = Uuid::now_v7();
    shop.customers.execute(&customer, Register { name: String::from("Jana") }).await?;
    let order = Uuid::now_v7();
    shop.create(order, customer).await?;
    writeln!(out, "order {order} created")?;

    refused(out, "paying nothing", shop.orders.execute(&order, Pay { amount: 0 }).await)?;

    let item = |article: &str, count, price| AddItem(Item { article: article.to_owned(), count, price });
    shop.orders.execute(&order, item("tea", 2, 450)).await?;
    shop.orders.execute(&order, item("cup", 1, 1_200)).await?;
    shop.orders.execute(&order, RemoveItem(String::from("cup"))).await?;
    shop.orders.execute(&order, Pay { amount: 900 }).await?;
    shop.orders.execute(&order, ReversePayment { reason: String::from("the card was stolen") }).await?;
    refused(out, "shipping", shop.orders.execute(&order, Ship { tracking: String::from("CZ1") }).await)?;
    shop.orders.execute(&order, Pay { amount: 900 }).await?;
    let shipped = shop.orders.execute(&order, Ship { tracking: String::from("CZ1") }).await?;
    writeln!(out, "order {order} shipped, at version {}", shipped.root.version())?;
    refused(out, "cancelling", shop.orders.execute(&order, Cancel { reason: String::from("changed my mind") }).await)?;

    shop.customers.execute(&customer, Deactivate { reason: String::from("moved away") }).await?;
    refused(out, "another order", shop.create(Uuid::now_v7(), customer).await)?;
    out.flush()?;
    Ok(())
}

/// Prints the refusal that is expected here.
fn refused<T, E: Error + 'static>(
    out: &mut impl Write,
    what: &str,
    answer: Result<T, E>,
) -> Result<(), Box<dyn Error>> {
    match answer {
        Ok(_) => Err(format!("{what} was not refused").into()),
        Err(refusal) => Ok(writeln!(out, "{what} is refused: {refusal}")?),
    }
}
