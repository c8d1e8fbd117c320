//! Orders in a file: a run finds the events of earlier ones.

#![cfg(feature = "sqlite")]

use std::{path::Path, process::Command};

use es::prelude::*;
use orders::{
    order::{Cancel, Order},
    shop::Shop,
};
use uuid::Uuid;

/// Runs the program in `folder` and returns the order that it shipped, and the version.
fn run(folder: &Path) -> (Uuid, u64) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_orders"));
    let output = program.current_dir(folder).args(["--store", "sqlite:shop.db"]).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("another order is refused: "), "{out}");
    let shipped = out.lines().find_map(|line| line.strip_prefix("order ")?.split_once(" shipped, at version "));
    let (id, version) = shipped.expect("an order is shipped");
    (id.parse().expect("an id"), version.parse().expect("a version"))
}

#[tokio::test]
async fn the_orders_of_every_run_are_found_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = [run(folder.path()), run(folder.path())];
    assert_ne!(orders[0].0, orders[1].0);
    let url = format!("sqlite:{}/shop.db", folder.path().display());
    let shop = Shop::new(es::connect(&url).await.expect("a store"));
    for (id, version) in orders {
        let order = shop.orders.load(&id).await.expect("loaded");
        assert_eq!((&*order, order.version().get()), (&Order::Shipped, version));
        let refused = shop.orders.execute(&id, Cancel { reason: "too late".into() }).await;
        assert!(matches!(refused, Err(ExecuteError::Refused(_))), "{refused:?}");
    }
}
