//! A row of the ledger, from its fields.

use jiff::civil::Date;

use super::Mistake;
use crate::domain::{AccountId, Money, Operation, Partner, Transaction, TransactionId};

/// The columns that a ledger has, in any order.
pub(super) const COLUMNS: [&str; 10] = [
    "transaction_id",
    "account_id",
    "date",
    "kind",
    "operation",
    "amount_minor",
    "balance_minor",
    "symbol",
    "partner_bank",
    "partner_account",
];

/// What the bank charges: its statement fee, and interest on a balance below zero.
const FEES: [&str; 2] = ["SLUZBY", "SANKC. UROK"];

/// A row: a transaction, and the answer key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    /// The account.
    pub account: AccountId,
    /// The entry.
    pub transaction: Transaction,
    /// The account's balance afterwards, as the bank recorded it.
    pub balance: Money,
}

impl Row {
    /// The row on `line`, from its fields in the order of [`COLUMNS`].
    pub(super) fn from_fields(line: u64, fields: &[&str; COLUMNS.len()]) -> Result<Self, Mistake> {
        let [id, account, date, kind, operation, amount, balance, symbol, bank, partner] = *fields;
        let symbol = text(symbol);
        let partner = Partner { bank: bank.to_owned(), account: partner.to_owned() };
        Ok(Self {
            line,
            account: account_id(account)?,
            transaction: Transaction {
                id: transaction_id(id)?,
                on: day(date)?,
                operation: movement(kind, operation, symbol.as_deref())?,
                amount: amount_minor(amount)?,
                symbol,
                partner: (partner != Partner::default()).then_some(partner),
            },
            balance: balance_minor(balance)?,
        })
    }
}

/// The text of an optional column; blanks alone say nothing.
fn text(field: &str) -> Option<String> {
    let field = field.trim();
    (!field.is_empty()).then(|| field.to_owned())
}

fn transaction_id(field: &str) -> Result<TransactionId, Mistake> {
    field.parse().map_err(|_| mistake("transaction_id", field, "a number of digits alone"))
}

fn account_id(field: &str) -> Result<AccountId, Mistake> {
    field.parse().map_err(|_| mistake("account_id", field, "a number of digits alone"))
}

fn day(field: &str) -> Result<Date, Mistake> {
    let date: Option<Date> = field.parse().ok();
    // jiff reads other forms too, such as one with a time.
    date.filter(|date| date.to_string() == field).ok_or_else(|| mistake("date", field, "a day such as 1993-01-31"))
}

fn amount_minor(field: &str) -> Result<Money, Mistake> {
    let amount: Option<Money> = field.parse().ok();
    amount
        .filter(|amount| *amount > Money::ZERO)
        .ok_or_else(|| mistake("amount_minor", field, "a positive whole number within 64 bits"))
}

fn balance_minor(field: &str) -> Result<Money, Mistake> {
    field.parse().map_err(|_| mistake("balance_minor", field, "a whole number within 64 bits"))
}

fn movement(kind: &str, operation: &str, symbol: Option<&str>) -> Result<Operation, Mistake> {
    let (credit, kind) = match kind {
        "credit" => (true, "credit"),
        "debit" => (false, "debit"),
        _ => return Err(mistake("kind", kind, "`credit` or `debit`")),
    };
    let movement = match operation {
        "cash deposit" => Operation::CashDeposit,
        "transfer in" => Operation::TransferIn,
        "cash withdrawal" if symbol.is_some_and(|symbol| FEES.contains(&symbol)) => Operation::Fee,
        "cash withdrawal" => Operation::CashWithdrawal,
        "card withdrawal" => Operation::CardWithdrawal,
        "transfer out" => Operation::TransferOut,
        "" if credit => Operation::Interest,
        "" => Operation::Fee,
        _ => {
            return Err(mistake(
                "operation",
                operation,
                "`cash deposit`, `cash withdrawal`, `card withdrawal`, `transfer in`, `transfer out` or nothing",
            ));
        }
    };
    if movement.is_credit() == credit {
        Ok(movement)
    } else {
        Err(Mistake::Contradiction { operation: operation.to_owned(), kind })
    }
}

fn mistake(column: &'static str, field: &str, expected: &'static str) -> Mistake {
    const LONGEST: usize = 40;
    let mut found: String = field.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if field.chars().nth(LONGEST).is_some() {
        found.push('…');
    }
    Mistake::Field { column, found, expected }
}
