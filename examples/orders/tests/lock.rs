//! The lock: stored events stay readable.

use orders::{customer::Customer, order::Order};

es::schema::lock!(Customer, Order);
