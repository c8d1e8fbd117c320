//! What is stored stays readable.

use seats::conference::Conference;

es::schema::lock!(Conference);
