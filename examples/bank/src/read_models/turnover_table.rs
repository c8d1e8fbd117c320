//! The turnover once more, as a table that other programs query with SQL: `day`, `credited_minor`, `debited_minor`, `rows`.
//!
//! A projection that writes a table is bound to one kind of store by its target. One text serves both stores here.

use es::Fault;
use jiff::civil::Date;

use crate::domain::{
    Account, Deposited, FeeCharged, InterestCredited, Money, Opened, TransferReceived, TransferSent, WithdrawalRefused,
    Withdrawn,
};

const SET_UP: &str = "CREATE TABLE {turnover} (
    day            TEXT   PRIMARY KEY,
    credited_minor BIGINT NOT NULL,
    debited_minor  BIGINT NOT NULL,
    rows           BIGINT NOT NULL
)";

/// A transaction in which the table is written.
trait Books: Send {
    /// Makes the table.
    async fn set_up(&mut self) -> Result<(), Fault>;

    /// Adds one booking to its day.
    async fn add(&mut self, on: Date, credited: Money, debited: Money) -> Result<(), Fault>;
}

/// The statement that adds a booking, with the names that a store has for its parameters.
macro_rules! add {
    ($day:literal, $credited:literal, $debited:literal) => {
        concat!(
            "INSERT INTO {turnover} AS t (day, credited_minor, debited_minor, rows) VALUES (",
            $day,
            ", ",
            $credited,
            ", ",
            $debited,
            ", 1) ",
            "ON CONFLICT (day) DO UPDATE SET credited_minor = t.credited_minor + excluded.credited_minor, ",
            "debited_minor = t.debited_minor + excluded.debited_minor, rows = t.rows + 1"
        )
    };
}

#[cfg(feature = "sqlite")]
impl Books for es::sqlite::SqliteTx {
    async fn set_up(&mut self) -> Result<(), Fault> {
        Ok(self.execute_batch(SET_UP)?)
    }

    async fn add(&mut self, on: Date, credited: Money, debited: Money) -> Result<(), Fault> {
        self.execute(add!("?1", "?2", "?3"), (on.to_string(), credited.minor(), debited.minor()))?;
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl Books for es::postgres::PostgresTx {
    async fn set_up(&mut self) -> Result<(), Fault> {
        Ok(self.execute_batch(SET_UP).await?)
    }

    async fn add(&mut self, on: Date, credited: Money, debited: Money) -> Result<(), Fault> {
        let (day, credited, debited) = (on.to_string(), credited.minor(), debited.minor());
        Ok(self.push(add!("$1", "$2", "$3"), &[&day, &credited, &debited]).await?)
    }
}

macro_rules! table {
    ($(#[$attribute:meta])* $table:ident, $target:ty) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $table;

        #[es::project(name = "turnover-table", every(Account), ignores(Opened, WithdrawalRefused))]
        impl $table {
            async fn set_up(&self, db: &mut $target) -> Result<(), Fault> {
                Books::set_up(db).await
            }

            async fn deposited(&self, event: &Deposited, db: &mut $target) -> Result<(), Fault> {
                db.add(event.on, event.amount, Money::ZERO).await
            }

            async fn withdrawn(&self, event: &Withdrawn, db: &mut $target) -> Result<(), Fault> {
                db.add(event.on, Money::ZERO, event.amount).await
            }

            async fn transfer_received(&self, event: &TransferReceived, db: &mut $target) -> Result<(), Fault> {
                db.add(event.on, event.amount, Money::ZERO).await
            }

            async fn transfer_sent(&self, event: &TransferSent, db: &mut $target) -> Result<(), Fault> {
                db.add(event.on, Money::ZERO, event.amount).await
            }

            async fn interest_credited(&self, event: &InterestCredited, db: &mut $target) -> Result<(), Fault> {
                db.add(event.on, event.amount, Money::ZERO).await
            }

            async fn fee_charged(&self, event: &FeeCharged, db: &mut $target) -> Result<(), Fault> {
                db.add(event.on, Money::ZERO, event.amount).await
            }
        }
    };
}

#[cfg(feature = "sqlite")]
table! {
    /// The table in a SQLite file.
    TurnoverInSqlite, es::sqlite::SqliteTx
}

#[cfg(feature = "postgres")]
table! {
    /// The table on PostgreSQL.
    TurnoverInPostgres, es::postgres::PostgresTx
}
