//! The lock and the corpus: stored events stay readable.

use bank::domain::Account;
use es::testing::Corpus;

es::schema::lock!(Account);

#[test]
fn stored_payloads_are_read_as_they_were() {
    Corpus::new("corpus").check::<Account>();
}
