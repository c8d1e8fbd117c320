-- The idempotency keys that were taken.

CREATE TABLE keys (
    key      TEXT    NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL,
    outcome  BLOB    NOT NULL,
    event    BLOB,             -- the id of the first event of the append that took the key
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
