//! What the commands must print, computed from the text of a ledger. It shares no code with the bank.

use std::collections::{BTreeMap, BTreeSet};

/// A transaction of the ledger. Texts are as they are in the file, without the quotes around them.
struct Transaction {
    account: u64,
    day: String,
    credit: bool,
    amount: i128,
    partner: (Vec<u8>, Vec<u8>),
}

/// What came in, what went out, in how many rows.
#[derive(Default)]
struct Sums(i128, i128, u64);

/// The transactions of `ledger`, each once.
fn transactions(ledger: &str) -> Vec<Transaction> {
    let mut seen = BTreeSet::new();
    let transactions = records(ledger).into_iter().skip(1).filter(|fields| seen.insert(fields[0].clone()));
    transactions
        .map(|fields| Transaction {
            account: fields[1].parse().expect("a number"),
            day: fields[2].clone(),
            credit: fields[3] == "credit",
            amount: fields[5].parse().expect("a number"),
            partner: (fields[8].clone().into_bytes(), fields[9].clone().into_bytes()),
        })
        .collect()
}

/// The records of a CSV file whose lines end in `\n`.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut fields, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut fields));
            }
            char => field.push(char),
        }
    }
    records
}

impl Sums {
    fn add(&mut self, transaction: &Transaction) {
        *(if transaction.credit { &mut self.0 } else { &mut self.1 }) += transaction.amount;
        self.2 += 1;
    }
}

/// `bank turnover --csv`, for the days from `from` to `to`.
pub(crate) fn turnover(ledger: &str, from: &str, to: &str) -> String {
    let mut days: BTreeMap<String, Sums> = BTreeMap::new();
    for transaction in transactions(ledger) {
        // Days of four-digit years are in the order of their texts.
        if from <= &*transaction.day && &*transaction.day <= to {
            days.entry(transaction.day.clone()).or_default().add(&transaction);
        }
    }
    let lines = days.iter().map(|(day, Sums(credited, debited, rows))| format!("{day},{credited},{debited},{rows}\n"));
    "day,credited_minor,debited_minor,rows\n".to_owned() + &lines.collect::<String>()
}

/// `bank top N --csv`.
pub(crate) fn top(ledger: &str, count: usize) -> String {
    let mut balances: BTreeMap<u64, i128> = BTreeMap::new();
    for Transaction { account, credit, amount, .. } in transactions(ledger) {
        *balances.entry(account).or_default() += if credit { amount } else { -amount };
    }
    let mut lines: Vec<_> = balances.into_iter().map(|(account, balance)| (-balance, account)).collect();
    lines.sort_unstable();
    let lines = lines.into_iter().take(count).map(|(balance, account)| format!("{account},{}\n", -balance));
    "account_id,balance_minor\n".to_owned() + &lines.collect::<String>()
}

/// `bank partners ACCOUNT --csv`.
pub(crate) fn partners(ledger: &str, account: u64) -> String {
    let mut partners: BTreeMap<(Vec<u8>, Vec<u8>), Sums> = BTreeMap::new();
    for transaction in transactions(ledger) {
        let (bank, number) = &transaction.partner;
        let says_nothing = bank.iter().chain(number).all(|byte| *byte == b' ');
        if transaction.account == account && !says_nothing {
            partners.entry(transaction.partner.clone()).or_default().add(&transaction);
        }
    }
    let lines = partners.iter().map(|((bank, number), Sums(credited, debited, rows))| {
        format!("{},{},{credited},{debited},{rows}\n", field(bank), field(number))
    });
    "partner_bank,partner_account,credited_minor,debited_minor,rows\n".to_owned() + &lines.collect::<String>()
}

/// A field of a CSV file, in quotes where it needs them.
fn field(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
