//! The lock: stored events stay readable.

use seats::conference::Conference;

es::schema::lock!(Conference);
