//! What is stored stays readable: the shapes by the lock, the values by the corpus.

use bank::domain::Account;
use es::testing::Corpus;

es::schema::lock!(Account);

#[test]
fn stored_payloads_are_read_as_they_were() {
    Corpus::new("corpus").check::<Account>();
}
