//! Subscriptions: one task per store follows the log and reads recent events once for all of them.
//!
//! - `follower` is that task, and `recent` is what it publishes.
//! - `subscriptions` holds all subscriptions of a store, and `subscription` is one of them.
//! - `notify` sends and receives the wake-ups between processes.

mod follower;
pub(crate) mod notify;
mod recent;
mod subscription;
mod subscriptions;

pub(crate) use subscriptions::Subscriptions;
