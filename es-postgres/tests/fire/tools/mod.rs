//! What the tests work with: servers and processes to disturb, work to do meanwhile, and what is asked afterwards.

pub(crate) mod contract;
pub(crate) mod counter;
pub(crate) mod damage;
pub(crate) mod follower;
pub(crate) mod hardened;
pub(crate) mod healing;
pub(crate) mod ledger;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod seed;
pub(crate) mod standby;
pub(crate) mod trial;
pub(crate) mod workload;
