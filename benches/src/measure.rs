//! How much work to measure, and how.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How much to measure: `ES_BENCH_ROUNDS` (5) and `ES_BENCH_SCALE` (1.0).
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many rounds count. One more comes first, to warm up.
    pub rounds: usize,
    scale: f64,
}

impl Effort {
    /// Reads the variables of the environment.
    pub fn from_env() -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
        Self {
            rounds: number("ES_BENCH_ROUNDS").map_or(5, |rounds| rounds as usize),
            scale: number("ES_BENCH_SCALE").unwrap_or(1.0),
        }
    }

    /// Scales an amount of work, to 64 at least.
    pub fn scaled(&self, count: usize) -> usize {
        ((count as f64 * self.scale) as usize).max(64)
    }
}

/// Whether the words of the command line choose the row `name`. Without words they choose each.
pub fn is_chosen(name: &str) -> bool {
    let mut words = env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    words.peek().is_none() || words.any(|word| name.contains(word.as_str()))
}

/// Runs this many futures concurrently, and returns the time they took.
pub async fn concurrently<F: Future<Output = ()>>(tasks: usize, work: impl Fn(usize) -> F) -> Duration {
    let began = Instant::now();
    futures_util::future::join_all((0..tasks).map(work)).await;
    began.elapsed()
}

/// Resets the peak of this process's memory, and returns the new peak in KiB.
pub fn peak_after_reset() -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

/// Returns the peak of this process's memory in KiB.
pub fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The work of this process when it is a worker of a bench.
pub fn worker() -> Option<String> {
    env::var("ES_BENCH_WORKER").ok()
}

/// Tells the parent that this worker is ready, and waits for its signal.
pub fn wait_for_start() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Starts this program as a worker, and returns it with its output once it is ready.
pub fn start_worker(work: &str) -> (Child, BufReader<impl Read + use<>>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env("ES_BENCH_WORKER", work).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    (child, output)
}

/// Starts a worker for each of `works`, lets all begin at once, and returns the time until all have ended, and their outputs.
pub fn run_workers(works: &[String]) -> (Duration, Vec<String>) {
    let mut workers: Vec<_> = works.iter().map(|work| start_worker(work)).collect();
    let began = Instant::now();
    for (child, _) in &mut workers {
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }
    let outputs = workers.into_iter().map(|(mut child, mut output)| {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        text
    });
    let outputs = outputs.collect();
    (began.elapsed(), outputs)
}
