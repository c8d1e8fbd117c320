//! The store of es on PostgreSQL.
