//! Has no code. Its tests prove that `es` with SQLite, sqlx and diesel link into one program: only one crate of a program
//! may link SQLite, so the three must accept one version of it.
