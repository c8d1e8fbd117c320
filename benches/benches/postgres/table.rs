//! The table of figures.

use std::fmt;
use std::time::Duration;

use crate::raw::Raw;

/// What one comparison gave.
pub(crate) struct Row {
    /// What is compared with what.
    pub(crate) baseline: String,
    pub(crate) ours: String,
    /// How many times the baseline's rate.
    pub(crate) ratio: Option<f64>,
    pub(crate) must: &'static str,
}

impl Row {
    /// Times of `count` pieces of work each, round by round.
    pub(crate) fn rates(count: usize, baseline: &[Duration], ours: &[Duration], must: &'static str) -> Self {
        let rate = |times: &[Duration]| count as f64 / median(times).as_secs_f64();
        let (baseline, ours) = (rate(baseline), rate(ours));
        Self { baseline: format!("{baseline:.0}/s"), ours: format!("{ours:.0}/s"), ratio: Some(ours / baseline), must }
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
        println!("{name}: {} -> {} {ratio} (must: {})", row.baseline, row.ours, row.must);
        self.rows.push((name, row));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(f, "\n{count} CPUs ({model}), server and client on one machine; {}\n", self.server)?;
        writeln!(f, "| work | baseline | es-postgres | ratio | must |\n|---|---|---|---|---|")?;
        for (name, Row { baseline, ours, ratio, must }) in &self.rows {
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            writeln!(f, "| {name} | {baseline} | {ours} | {ratio} | {must} |")?;
        }
        Ok(())
    }
}

pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}
