//! What is stored stays readable.

use orders::{customer::Customer, order::Order};

es::schema::lock!(Customer, Order);
