//! Subscribing: one task follows the log and reads its newest events, for all subscriptions together.
//!
//! `follower` is that task, `newest` what it publishes, `subscriptions` those who wait for it, `subscription` one of them,
//! and `notify` how processes wake each other.

mod follower;
pub(crate) mod notify;
mod recent;
mod subscription;
mod subscriptions;

pub(crate) use subscriptions::Subscriptions;
