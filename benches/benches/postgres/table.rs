//! The table of figures.

use std::{fmt, time::Duration};

use crate::raw::Raw;

/// The result of one comparison.
pub(crate) struct Row {
    /// The rate of the baseline, as text.
    pub(crate) baseline: String,
    pub(crate) ours: String,
    /// Our rate, as a multiple of the baseline's.
    pub(crate) ratio: Option<f64>,
    pub(crate) target: &'static str,
}

impl Row {
    /// Compares the times of rounds with `count` operations each.
    pub(crate) fn rates(count: usize, baseline: &[Duration], ours: &[Duration], target: &'static str) -> Self {
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

#[derive(Default)]
pub(crate) struct Table {
    server: String,
    rows: Vec<(&'static str, Row)>,
}

impl Table {
    pub(crate) async fn note_server(&mut self, raw: &Raw) {
        let settings =
            "SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync')
                        || ', synchronous_commit ' || current_setting('synchronous_commit')
                        || ', shared_buffers ' || current_setting('shared_buffers')";
        self.server = raw.client().await.query_one(settings, &[]).await.unwrap().get(0);
    }

    pub(crate) fn push(&mut self, name: &'static str, row: Row) {
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
        writeln!(f, "\n{count} CPUs ({model}), server and client on one machine; {}\n", self.server)?;
        writeln!(f, "| work | baseline | es-postgres | ratio | target |\n|---|---|---|---|---|")?;
        for (name, Row { baseline, ours, ratio, target }) in &self.rows {
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            writeln!(f, "| {name} | {baseline} | {ours} | {ratio} | {target} |")?;
        }
        Ok(())
    }
}

pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}
