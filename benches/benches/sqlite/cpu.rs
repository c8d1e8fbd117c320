//! The CPU time of this process, by thread.

use std::{collections::BTreeMap, fs, time::Duration};

/// The CPU time of each thread, by its name. Threads of one name count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuTimes(BTreeMap<String, Duration>);

impl CpuTimes {
    /// What the threads that are alive have used so far.
    pub(crate) fn now() -> Self {
        let mut times = BTreeMap::<String, Duration>::new();
        for thread in fs::read_dir("/proc/self/task").unwrap() {
            let stat = fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
            let (name, rest) = stat.split_once('(').unwrap().1.rsplit_once(')').unwrap();
            let ticks: u64 = rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
            // Linux counts 100 ticks a second here, whatever it does inside.
            *times.entry(name.to_owned()).or_default() += Duration::from_millis(10 * ticks);
        }
        Self(times)
    }

    /// Adds what was used since `before`.
    pub(crate) fn add_since(&mut self, before: &Self) {
        for (name, time) in Self::now().0 {
            let used = time.saturating_sub(before.0.get(&name).copied().unwrap_or_default());
            *self.0.entry(name).or_default() += used;
        }
    }

    /// The microseconds for each of `count` operations.
    pub(crate) fn per(&self, count: usize) -> f64 {
        micros(self.0.values().sum(), count)
    }

    /// The same, for each thread that used some.
    pub(crate) fn each_per(&self, count: usize) -> String {
        let each = self.0.iter().map(|(name, time)| (name, micros(*time, count))).filter(|(_, time)| *time >= 0.5);
        each.map(|(name, time)| format!("{name} {time:.0}")).collect::<Vec<_>>().join(", ")
    }
}

fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}
