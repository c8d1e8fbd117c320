//! `turnover`, `top` and `partners`, from their arguments to their exit codes, on each store.

use std::process::{Command, Stdio};

use crate::{
    generated::{self, ACCOUNTS, HEADER},
    oracle,
    program::Bank,
};

const FIRST: &str = "0000-01-01";
const LAST: &str = "9999-12-31";

/// Two accounts with the same balance, one below zero, one with 0.
const TIES: &str = "1,20,1993-01-01,credit,cash deposit,500,500,,,
2,3,1993-01-02,credit,transfer in,500,500,,AB,77
3,4,1993-01-02,debit,card withdrawal,1200,-1200,,,
4,100,1993-02-01,credit,transfer in,5,5,,AB,77
5,100,1993-02-03,debit,transfer out,5,0,,AB,77
";

fn ties() -> Vec<Bank> {
    Bank::each(&format!("{HEADER}\n{TIES}"))
}

#[test]
fn each_equals_what_is_computed_from_the_ledger() {
    for seed in 1..=2 {
        let ledger = generated::ledger(600, seed);
        for bank in Bank::each(&ledger) {
            assert_eq!(bank.ok(&["turnover", "--csv"]), oracle::turnover(&ledger, FIRST, LAST));
            for (from, to) in [("1995-06-15", "1996-06-15"), ("1996-01-02", "1996-01-02")] {
                let asked = bank.ok(&["turnover", "--from", from, "--to", to, "--csv"]);
                assert_eq!(asked, oracle::turnover(&ledger, from, to));
            }
            assert_eq!(
                bank.ok(&["turnover", "--from", "1997-11-30", "--csv"]),
                oracle::turnover(&ledger, "1997-11-30", LAST)
            );
            assert_eq!(
                bank.ok(&["turnover", "--csv", "--to", "1995-01-31"]),
                oracle::turnover(&ledger, FIRST, "1995-01-31")
            );
            for count in [0, 4, 1000] {
                assert_eq!(bank.ok(&["top", &count.to_string(), "--csv"]), oracle::top(&ledger, count));
            }
            for account in ACCOUNTS {
                let partners = bank.ok(&["partners", &account.to_string(), "--csv"]);
                assert_eq!(partners, oracle::partners(&ledger, account));
            }
        }
    }
}

#[test]
fn a_generated_ledger_has_what_the_comparison_is_for() {
    let ledger = generated::ledger(600, 1);
    let partners = ACCOUNTS.map(|account| oracle::partners(&ledger, account)).concat();
    for line in
        ["\n,77,", "\n ,77,", "\nAB,,", "\n\"A,B\",\"say \"\"hi\"\"\",", "\n\"A,B\",\"two\nlines\",", "\nab,77,"]
    {
        assert!(partners.contains(line), "no `{line}` in:\n{partners}");
    }
    assert!(oracle::top(&ledger, 6).contains(",-"), "a balance below zero");
    assert!(oracle::turnover(&ledger, FIRST, LAST).lines().count() > 300);
    let repeated = ledger.lines().zip(ledger.lines().skip(1)).any(|(line, next)| line == next);
    assert!(repeated, "a row twice");
}

#[test]
fn what_is_not_booked_on_a_day_has_no_line() {
    for bank in ties() {
        let january = "day,credited_minor,debited_minor,rows\n1993-01-01,500,0,1\n1993-01-02,500,1200,2\n";
        assert_eq!(bank.ok(&["turnover", "--from", "1993-01-01", "--to", "1993-01-31", "--csv"]), january);
        let nothing = bank.ok(&["turnover", "--from", "1993-02-02", "--to", "1993-02-02", "--csv"]);
        assert_eq!(nothing, "day,credited_minor,debited_minor,rows\n");
        assert_eq!(bank.ok(&["turnover", "--from", "2020-01-01", "--csv"]), nothing);
    }
}

#[test]
fn days_in_the_wrong_order_end_with_2_before_anything_is_booked() {
    for bank in ties() {
        let asked = ["turnover", "--from", "1993-01-02", "--to", "1993-01-01"];
        bank.fails(&asked, "1993-01-02 is after 1993-01-01");
        bank.fails(&[&asked[..], &["--csv"]].concat(), "1993-01-02 is after 1993-01-01");
        if bank.keeps_its_books() {
            bank.fails(&[&asked[..], &["--ledger", "missing.csv"]].concat(), "1993-01-02 is after 1993-01-01");
        }
        for wrong in [["turnover", "--from", "1993-02-30"], ["turnover", "--to", "yesterday"]] {
            let run = bank.run(&wrong);
            assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        }
    }
}

#[test]
fn equal_balances_are_in_the_order_of_the_numbers() {
    for bank in ties() {
        let all = "account_id,balance_minor\n3,500\n20,500\n100,0\n4,-1200\n";
        assert_eq!(bank.ok(&["top", "10", "--csv"]), all);
        assert_eq!(bank.ok(&["top", "1", "--csv"]), "account_id,balance_minor\n3,500\n");
        assert_eq!(bank.ok(&["top", "0", "--csv"]), "account_id,balance_minor\n");
        for wrong in ["-1", "many", "", "99999999999999999999"] {
            let run = bank.run(&["top", wrong, "--csv"]);
            assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        }
    }
}

#[test]
fn an_account_without_partners_has_the_header_and_an_unknown_one_an_error() {
    for bank in ties() {
        let header = "partner_bank,partner_account,credited_minor,debited_minor,rows\n";
        assert_eq!(bank.ok(&["partners", "20", "--csv"]), header);
        assert_eq!(bank.ok(&["partners", "100", "--csv"]), format!("{header}AB,77,5,5,2\n"));
        assert_eq!(bank.ok(&["partners", "0100", "--csv"]), format!("{header}AB,77,5,5,2\n"));
        bank.fails(&["partners", "21", "--csv"], "there is no account 21");
        bank.fails(&["partners", "21"], "there is no account 21");
        for wrong in ["x", "-1", "+20", ""] {
            let run = bank.run(&["partners", wrong, "--csv"]);
            assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        }
    }
}

#[test]
#[cfg(feature = "sqlite")] // A withdrawal in memory ends with its run.
fn withdrawals_that_were_decided_here_count_and_refused_ones_do_not() {
    let kept: Vec<_> = ties().into_iter().filter(Bank::keeps_its_books).collect();
    for bank in kept {
        bank.ok(&["withdraw", "20", "200", "--on", "1993-03-01"]);
        assert_eq!(bank.run(&["withdraw", "20", "301", "--on", "1993-03-02"]).code, Some(3));
        let march = bank.ok(&["turnover", "--from", "1993-03-01", "--csv"]);
        assert_eq!(march, "day,credited_minor,debited_minor,rows\n1993-03-01,0,200,1\n");
        assert_eq!(bank.ok(&["top", "2", "--csv"]), "account_id,balance_minor\n3,500\n20,300\n");
        let partners = bank.ok(&["partners", "20", "--csv"]);
        assert_eq!(partners, "partner_bank,partner_account,credited_minor,debited_minor,rows\n");
    }
}

#[test]
fn without_csv_it_is_a_table() {
    let ledger = format!(
        "{HEADER}\n1,7,1993-01-01,credit,transfer in,5,5,,AB,\"two\nlines\"\n\
         2,7,1993-01-02,debit,card withdrawal,1200,-1195,,,10\n3,10,1993-01-02,credit,cash deposit,10,10,,,\n"
    );
    for bank in Bank::each(&ledger) {
        let days = "day         credited_minor  debited_minor  rows
1993-01-01               5              0     1
1993-01-02              10           1200     2
";
        assert_eq!(bank.ok(&["turnover"]), days);
        assert_eq!(
            bank.ok(&["top", "5"]),
            "account_id  balance_minor\n        10             10\n         7          -1195\n"
        );
        let partners = "partner_bank  partner_account  credited_minor  debited_minor  rows
              10                            0           1200     1
AB            two\\nlines                    5              0     1
";
        assert_eq!(bank.ok(&["partners", "7"]), partners);
        assert_eq!(bank.ok(&["turnover", "--from", "1994-01-01"]), "day  credited_minor  debited_minor  rows\n");
    }
}

#[test]
fn a_ledger_without_rows_has_headers_alone() {
    for bank in Bank::each(HEADER) {
        assert_eq!(bank.ok(&["turnover", "--csv"]), "day,credited_minor,debited_minor,rows\n");
        assert_eq!(bank.ok(&["top", "3", "--csv"]), "account_id,balance_minor\n");
        bank.fails(&["partners", "1", "--csv"], "there is no account 1");
    }
}

#[test]
fn a_balance_that_is_not_the_banks_ends_with_1_after_the_rows() {
    let ledger = format!("{HEADER}\n1,7,1993-01-01,credit,cash deposit,5,6,,AB,1\n");
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("ledger.csv");
    std::fs::write(&file, ledger).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    let output = command.arg("--ledger").arg(&file).args(["top", "1", "--csv"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"account_id,balance_minor\n7,5\n");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("ledger.csv");
    std::fs::write(&file, generated::ledger(1_500, 1)).expect("a file");
    for task in [&["turnover", "--csv"][..], &["turnover"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
        command.arg("--ledger").arg(&file).args(task).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{task:?}");
    }
}
