//! Tools of the tests: a proxy and processes to disturb, a workload to run meanwhile, and the checks afterwards.

pub(crate) mod counter;
pub(crate) mod damaged_log;
pub(crate) mod hardened_log;
pub(crate) mod ledger;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod recording_subscriber;
pub(crate) mod recovery;
pub(crate) mod seed;
pub(crate) mod smoke_test;
pub(crate) mod standby;
pub(crate) mod trial;
pub(crate) mod workload;
