//! Flips in the main file.

use std::{fs, time::Duration};

use es_contract::Effort;

use super::{
    Random,
    looks::{open_and_look, send_again},
    written::{Written, add_a_table},
};
use crate::log::{Files, open};

/// The size of a page.
const PAGE: usize = 4096;

#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_byte_of_the_file_shows_other_events_or_hides_any_unnoticed() {
    let files = Files::new();
    let (mut written, store) = (Written::default(), open(files.log()).await);
    written.write(&store, 0..110).await;
    add_a_table(&store);
    written.write(&store, 110..220).await;
    store.close().await;
    let intact = fs::read(files.log()).unwrap();
    let (store, mut look) = open_and_look(&files.log(), &written, "no flip").await.unwrap();
    assert!(look.is_whole(), "{look:?}");
    send_again(&mut look, &store, &written, "no flip").await;
    assert!(look.is_whole(), "{look:?}");
    store.close().await;

    let (mut refused, mut failed, mut hidden, mut whole) = (0, 0, 0, 0);
    let rounds = Effort::from_env().unwrap().times(2_000);
    let mut random = Random(1);
    for round in 0..rounds {
        let mut bytes = intact.clone();
        let flip = format!("round {round}: {}", random.flip(&mut bytes, PAGE));
        for suffix in ["-wal", "-shm"] {
            drop(fs::remove_file(files.beside(suffix)));
        }
        // Into the same file, so that it does not count as a copy.
        fs::write(files.log(), &bytes).unwrap();
        let damaged = async {
            let Some((store, mut look)) = open_and_look(&files.log(), &written, &flip).await else {
                refused += 1;
                return;
            };
            look.assert_honest(&flip);
            match (look.errors.is_empty(), look.missing.is_empty() && look.problems.is_empty()) {
                (false, _) => failed += 1,
                (true, false) => hidden += 1,
                (true, true) => whole += 1,
            }
            send_again(&mut look, &store, &written, &flip).await;
            store.close().await;
        };
        let ended = tokio::time::timeout(Duration::from_mins(2), damaged).await;
        assert!(ended.is_ok(), "{flip}: it never ends");
    }
    println!("of {rounds} flips: {refused} refused, {failed} failed, {hidden} found by verify alone, {whole} harmless");
    assert!(refused > 0 && failed > 0 && hidden > 0 && whole > 0);
}
