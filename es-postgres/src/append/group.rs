//! Several appends to one stream that are merged into one, because none of them expects an exact version.

use es_core::{Append, Appended, Version};

use crate::append::{columns::Call, job::Job};

/// One job, or several to one stream that are sent as one append.
#[derive(Debug)]
pub(crate) struct Group {
    pub(super) jobs: Vec<Job>,
    /// The merged append and the number of events of each job, where there are several jobs.
    merged: Option<(Vec<Append>, Vec<usize>)>,
}

impl Group {
    pub(super) fn new(job: Job) -> Self {
        Self { jobs: vec![job], merged: None }
    }

    /// Merges the events of all jobs. Call it after the last job was added.
    pub(super) fn merge(&mut self) {
        let appends = || self.jobs.iter().filter_map(|job| job.appends.first());
        let Some(first) = appends().next().filter(|_| self.jobs.len() > 1) else { return };
        let events = appends().flat_map(|append| append.events.iter().cloned()).collect();
        let part_lengths = appends().map(|append| append.events.len()).collect();
        self.merged = Some((vec![Append::new(first.stream.clone(), first.expected, events)], part_lengths));
    }

    /// The append to send.
    pub(super) fn call(&self) -> Call<'_> {
        match (&self.merged, self.jobs.first()) {
            (Some((appends, part_lengths)), _) => Call { appends, part_lengths },
            (None, Some(job)) => Call::new(&job.appends),
            (None, None) => Call::new(&[]),
        }
    }

    /// The only job, or the group when there are several.
    pub(super) fn into_single(mut self) -> Result<Job, Self> {
        if self.merged.is_some() {
            return Err(self);
        }
        self.jobs.pop().ok_or(self)
    }

    /// Gives each job its part of what was appended for the group.
    pub(super) fn split(self, done: &[Appended]) -> impl Iterator<Item = (Job, Vec<Appended>)> {
        let mut all = done.first().cloned();
        let mut version = all.as_ref().map_or(0, |all| all.first_version().get() - 1);
        let mut positions = all.as_mut().map(|all| std::mem::take(&mut all.positions)).unwrap_or_default().into_iter();
        self.jobs.into_iter().map(move |job| {
            let count = job.events();
            version += count as u64;
            let part = all.clone().map(|mut part| {
                part.version = Version::new(version);
                part.positions = positions.by_ref().take(count).collect();
                part
            });
            (job, part.into_iter().collect())
        })
    }
}
