//! Several appends to one stream that go to the server as one: each takes whatever version it comes to.

use es_core::{Append, Appended, Version};

use crate::append::columns::Call;
use crate::append::job::Job;

/// Appends that are sent as one.
#[derive(Debug)]
pub(crate) struct Group {
    pub(super) jobs: Vec<Job>,
    /// The events of all, where there are several.
    merged: Option<(Vec<Append>, Vec<usize>)>,
}

impl Group {
    pub(super) fn of(job: Job) -> Self {
        Self { jobs: vec![job], merged: None }
    }

    /// Puts the events of all members together; call it when the last one has joined.
    pub(super) fn merge(&mut self) {
        let members = || self.jobs.iter().filter_map(|job| job.appends.first());
        let Some(first) = members().next().filter(|_| self.jobs.len() > 1) else { return };
        let events = members().flat_map(|append| append.events.iter().cloned()).collect();
        let parts = members().map(|append| append.events.len()).collect();
        self.merged = Some((vec![Append::new(first.stream.clone(), first.expected, events)], parts));
    }

    pub(super) fn call(&self) -> Call<'_> {
        match (&self.merged, self.jobs.first()) {
            (Some((appends, parts)), _) => Call { appends, parts },
            (None, Some(job)) => Call::whole(&job.appends),
            (None, None) => Call::whole(&[]),
        }
    }

    /// The only member, or the group when there are several.
    pub(super) fn alone(mut self) -> Result<Job, Self> {
        if self.merged.is_some() {
            return Err(self);
        }
        self.jobs.pop().ok_or(self)
    }

    /// To each member its part of what was appended for all.
    pub(super) fn deal(self, done: &[Appended]) -> impl Iterator<Item = (Job, Vec<Appended>)> {
        let all = done.first().cloned();
        let mut version = all.as_ref().map_or(0, |all| all.first_version().get() - 1);
        let mut positions = all.as_ref().map(|all| all.positions.clone()).unwrap_or_default().into_iter();
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
