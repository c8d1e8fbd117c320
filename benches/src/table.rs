//! The table of figures.

use std::{fmt, time::Duration};

/// The result of one comparison.
#[derive(Clone, Debug)]
pub struct Row {
    /// The rate of the baseline, as text.
    pub baseline: String,
    /// Our rate, as text.
    pub ours: String,
    /// Our rate, as a multiple of the baseline's.
    pub ratio: Option<f64>,
    /// What the ratio, or our figure, should be.
    pub target: &'static str,
}

impl Row {
    /// Compares the times of rounds with `count` operations each.
    pub fn rates(count: usize, baseline: &[Duration], ours: &[Duration], target: &'static str) -> Self {
        let rate = |times: &[Duration]| count as f64 / median(times).as_secs_f64();
        let (baseline, ours) = (rate(baseline), rate(ours));
        Self {
            baseline: format!("{baseline:.0}/s"),
            ours: format!("{ours:.0}/s"),
            ratio: Some(ours / baseline),
            target,
        }
    }
}

/// The table of one store.
#[derive(Debug)]
pub struct Table {
    store: &'static str,
    /// What the figures were measured on, besides the computer.
    pub setting: String,
    rows: Vec<(&'static str, Row)>,
}

impl Table {
    /// Begins the table of `store`.
    pub fn new(store: &'static str) -> Self {
        Self { store, setting: String::new(), rows: Vec::new() }
    }

    /// Adds a row, and prints it.
    pub fn push(&mut self, name: &'static str, row: Row) {
        let ratio = row.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        println!("{name}: {} -> {} {ratio} (target: {})", row.baseline, row.ours, row.target);
        self.rows.push((name, row));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(f, "\n{count} CPUs ({model}), {}\n", self.setting)?;
        writeln!(f, "| work | baseline | {} | ratio | target |\n|---|---|---|---|---|", self.store)?;
        for (name, Row { baseline, ours, ratio, target }) in &self.rows {
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            writeln!(f, "| {name} | {baseline} | {ours} | {ratio} | {target} |")?;
        }
        Ok(())
    }
}

/// The median, without a mean of the middle two.
pub fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}
