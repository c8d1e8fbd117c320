//! Generated ledgers.

use std::{collections::BTreeMap, fmt::Write};

pub(crate) const HEADER: &str =
    "transaction_id,account_id,date,kind,operation,amount_minor,balance_minor,symbol,partner_bank,partner_account";

/// Numbers that are in another order as text.
pub(crate) const ACCOUNTS: [u64; 6] = [9, 10, 2, 100, 33, 20];

/// Kinds and operations that a ledger has, with a symbol.
const OPERATIONS: [(&str, &str, &str); 9] = [
    ("credit", "cash deposit", ""),
    ("credit", "transfer in", "DUCHOD"),
    ("credit", "", "UROK"),
    ("debit", "cash withdrawal", ""),
    ("debit", "cash withdrawal", "SLUZBY"),
    ("debit", "card withdrawal", ""),
    ("debit", "transfer out", " "),
    ("debit", "transfer out", "SIPO"),
    ("debit", "", ""),
];

/// Banks and accounts of partners, as they are in the file.
const PARTNERS: [(&str, &str); 14] = [
    ("", ""),
    (" ", ""),
    ("", " "),
    (" ", "  "),
    ("", "77"),
    (" ", "77"),
    ("AB", ""),
    ("AB", "77"),
    ("AB", "077"),
    ("ab", "77"),
    ("\"A,B\"", "\"say \"\"hi\"\"\""),
    ("\"A,B\"", "\"two\nlines\""),
    ("Žižkov", " 9 "),
    ("A", "B77"),
];

/// A ledger of `rows` rows, some of them twice. The same `seed` gives the same ledger.
pub(crate) fn ledger(rows: u64, mut seed: u64) -> String {
    let mut text = format!("{HEADER}\n");
    let mut balances = BTreeMap::new();
    let mut pick = |count: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % count
    };
    for row in 1..=rows {
        let account = ACCOUNTS[pick(ACCOUNTS.len())];
        let (kind, operation, symbol) = OPERATIONS[pick(OPERATIONS.len())];
        let (bank, partner) = PARTNERS[pick(PARTNERS.len())];
        // The rows of an account need not be in the order of their days.
        let (year, month, day) = (1995 + pick(3), 1 + pick(12), 1 + pick(28));
        let amount = i64::try_from(1 + pick(100_000)).expect("it fits");
        let balance = balances.entry(account).or_insert(0);
        *balance += if kind == "credit" { amount } else { -amount };
        let line = format!(
            "{row},{account},{year}-{month:02}-{day:02},{kind},{operation},{amount},{balance},{symbol},{bank},{partner}\n"
        );
        let times = if pick(10) == 0 { 2 } else { 1 };
        write!(text, "{}", line.repeat(times)).expect("written");
    }
    text
}
