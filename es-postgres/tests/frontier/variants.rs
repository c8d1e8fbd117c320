//! The correct frontier and wrong variants of it.

use es_postgres::PostgresStore;
use test_postgres::Database;

use crate::{readers::Reading, writers::Fence};

/// A way to compute how far the log may be read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Variant {
    Correct,
    CorrectFunction,
    OneStatement,
    LocksFirst,
    CachedSequence,
    DrawBeforeLock,
    RepeatableRead,
    NoFrontier,
    ClientGuard,
    FunctionLocksFirst,
    UnfencedAlone,
    UnfencedTogether,
    UnfencedRepeatLookup,
    TableAfterDraw,
}

impl Variant {
    /// Whether the mistake shows only while few transactions write.
    pub(crate) fn needs_few_writers(self) -> bool {
        matches!(
            self,
            Self::LocksFirst
                | Self::FunctionLocksFirst
                | Self::ClientGuard
                | Self::UnfencedAlone
                | Self::UnfencedTogether
        )
    }

    /// Alters the database for the variant, and returns how to write and how to read.
    pub(crate) fn set_up(self, database: &Database) -> (Fence, Reading) {
        let (mut fence, mut reading) = (Fence::ByFunction, Reading::Correct);
        match self {
            Self::Correct => database.run(&[&paused_before_insert("")]).unwrap(),
            Self::CorrectFunction => {
                database.run(&[&paused_before_insert(""), &paused_frontier(false)]).unwrap();
                reading = Reading::Function;
            }
            Self::FunctionLocksFirst => {
                database.run(&[&paused_before_insert(""), &paused_frontier(true)]).unwrap();
                reading = Reading::Function;
            }
            // The three paths through the function that appends.
            Self::UnfencedAlone => database.run(&[&unfenced("NOT single", 0)]).unwrap(),
            Self::UnfencedTogether => database.run(&[&unfenced("(single OR verdicts IS NOT NULL)", 1)]).unwrap(),
            Self::UnfencedRepeatLookup => database.run(&[&unfenced("verdicts IS NULL", 1)]).unwrap(),
            Self::OneStatement => {
                let slow = "CREATE FUNCTION es.slow_frontier() RETURNS bigint LANGUAGE plpgsql VOLATILE AS
                            $$ BEGIN PERFORM pg_sleep(0.005); RETURN es.frontier(); END $$";
                database.run(&[slow]).unwrap();
                reading = Reading::OneStatement;
            }
            Self::LocksFirst => reading = Reading::LocksFirst,
            Self::CachedSequence => database.run(&["ALTER SEQUENCE es.position CACHE 10"]).unwrap(),
            Self::DrawBeforeLock => {
                database.run(&[&paused_before_insert("PERFORM es.late_fence();"), &late_fence(), NO_FENCE]).unwrap();
            }
            Self::RepeatableRead => reading = Reading::RepeatableRead,
            Self::NoFrontier => reading = Reading::NoFrontier,
            Self::ClientGuard => {
                database.run(&[&late_fence(), NO_FENCE]).unwrap();
                fence = Fence::ByClient;
            }
            Self::TableAfterDraw => {
                // Another append must overtake between the draw and the lock, so some pauses outlast a whole append.
                let late = paused_before_insert("LOCK TABLE es.appending IN ROW SHARE MODE;");
                let late = late.replace("pg_sleep(0.002)", "pg_sleep(0.1 * random())");
                let fence = function(&migration("frontier"), "fence").replace("CREATE", "CREATE OR REPLACE");
                database.run(&[&without_table(&late), &without_table(&fence)]).unwrap();
            }
        }
        (fence, reading)
    }
}

const FENCE: &str = "ignored := \"es\".fence();";
const NO_FENCE: &str = "CREATE OR REPLACE FUNCTION es.fence() RETURNS void LANGUAGE sql AS ''";

pub(crate) fn migration(name: &str) -> String {
    let (_, sql) =
        PostgresStore::migrations("es").unwrap().into_iter().find(|(found, _)| found.ends_with(name)).unwrap();
    sql
}

/// One `CREATE FUNCTION` statement of a migration.
fn function(migration: &str, name: &str) -> String {
    let begin = migration.find(&format!("CREATE FUNCTION \"es\".{name}(")).unwrap();
    let end = begin + migration[begin..].find("END\n$es$;").unwrap() + "END\n$es$;".len();
    migration[begin..end].to_owned()
}

/// The function that appends, with a pause and the statement `then` after it draws positions.
fn paused_before_insert(then: &str) -> String {
    function(&migration("append"), "append")
        .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        .replace("INSERT INTO \"es\".events", &format!("PERFORM pg_sleep(0.002); {then} INSERT INTO \"es\".events"))
}

/// The same function, which takes the fence only under `condition` and otherwise pauses long before the insert.
fn unfenced(condition: &str, insert: usize) -> String {
    let function = paused_before_insert("");
    assert_eq!(function.matches(FENCE).count(), 1, "`{FENCE}` is no longer once in `{function}`");
    let function = function.replacen(FENCE, &format!("IF {condition} THEN {FENCE} END IF;"), 1);
    let (place, pause) = function.match_indices("pg_sleep(0.002)").nth(insert).unwrap();
    let longer = format!("pg_sleep(CASE WHEN {condition} THEN 0.002 ELSE 0.05 END)");
    format!("{}{longer}{}", &function[..place], &function[place + pause.len()..])
}

/// The function that computes the frontier, with pauses between its steps, in the correct order or reversed.
fn paused_frontier(locks_first: bool) -> String {
    let function =
        function(&migration("frontier"), "frontier").replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION");
    let (high, low, end) = ("    high := ", "    low := ", "    RETURN least(high, low);");
    let places = [high, low, end].map(|step| function.find(step).unwrap());
    let steps = [&function[places[0]..places[1]], &function[places[1]..places[2]]];
    let [first, second] = if locks_first { [steps[1], steps[0]] } else { steps };
    let pause = "    PERFORM pg_sleep(0.005);\n";
    format!("{}{first}{pause}{second}{pause}{}", &function[..places[0]], &function[places[2]..])
}

/// The fence under another name, for variants that take it too late.
fn late_fence() -> String {
    function(&migration("frontier"), "fence").replace("\"es\".fence", "\"es\".late_fence")
}

/// `function` without the lock on the table.
fn without_table(function: &str) -> String {
    let lock = "EXISTS (SELECT FROM \"es\".appending FOR KEY SHARE)";
    assert!(function.contains(lock), "{function}");
    function.replace(lock, "true")
}

/// The view of locks, with `rule` to decide which locks count.
pub(crate) fn with_lock_rule(rule: &str) -> String {
    let migration = migration("frontier");
    let view = &migration[migration.find("CREATE VIEW \"es\".es_locks").unwrap()..];
    let view = &view[..view.find(";\n").unwrap()];
    let right = "h.virtualtransaction IN (SELECT t.virtualtransaction FROM held t WHERE t.locktype = 'relation')";
    assert!(view.contains(right), "{view}");
    view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW").replace(right, rule)
}

/// A rule that judges a lock by its holder's role.
pub(crate) fn locks_by_role() -> String {
    let may = "(SELECT coalesce(bool_or(has_function_privilege(a.usesysid, p.oid, 'EXECUTE')
                                        AND has_schema_privilege(a.usesysid, p.pronamespace, 'USAGE')), false)
                FROM pg_stat_activity a, pg_proc p
                WHERE a.pid = h.pid AND p.proname = 'append' AND p.pronamespace = 'es'::regnamespace)";
    with_lock_rule(may)
}
